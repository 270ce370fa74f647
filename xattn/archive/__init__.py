"""What is kept: cases, results, reads and reports, and the record of who did what."""
