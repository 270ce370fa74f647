"""From files and tables to radiographs and forms."""
