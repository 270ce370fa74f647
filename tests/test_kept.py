"""Parts of long runs: made once, told again, made anew when what they are made of changes."""

from benchmarks.kept import kept


def test_a_part_is_made_once_for_what_it_is_made_of(tmp_path):
    made = []

    def make() -> str:
        made.append(1)
        return f"| {len(made)} | ±"

    first = kept(tmp_path / "new", "hip", ("model", 3), make)
    assert first[0] == "| 1 | ±"
    assert first[1] >= 0
    assert kept(tmp_path / "new", "hip", ("model", 3), make) == first
    assert kept(tmp_path / "new", "hip", ("model", 4), make)[0] == "| 2 | ±"
    assert kept(tmp_path / "new", "chest", ("model", 3), make)[0] == "| 3 | ±"
