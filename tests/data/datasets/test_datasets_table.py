"""Tables: what is read of the odd ones, and one sentence for each that is none."""

import pytest

from xattn.data.datasets import table as tables
from xattn.data.datasets.table import read_table, refuse_twice
from xattn.errors import SchemaError


def written(folder, text, encoding="utf-8"):
    path = folder / "cohort.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_go_by_any_spelling_and_cells_lose_their_line_ends(tmp_path):
    text = '\ufeffpatient_id,Breast Density ,ROI mask\n\nP1, 2 ,"a/b.dcm\n"\n'
    row = read_table(written(tmp_path, text)).rows[0]
    assert row["Patient ID"] == "P1"
    assert row["breast_density"] == "2"
    assert row["roi-mask"] == "a/b.dcm"
    # The empty line is row 2, as a spreadsheet shows it.
    assert row.number == 3


def test_a_row_counts_once_however_many_lines_its_cells_fill(tmp_path):
    table = read_table(written(tmp_path, 'a,b\n"1\n2\n3",x\n4,y\n'))
    assert [row.number for row in table] == [2, 3]
    assert table.rows[1]["a"] == "4"


def test_empty_columns_at_the_right_end_are_dropped(tmp_path):
    table = read_table(written(tmp_path, "a,b,\n1,2,\n3,4\n5,6,,\n"))
    assert table.columns == ("a", "b")
    assert [row["b"] for row in table] == ["2", "4", "6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have a header and at least one row"),
        ("a,b\n\n,\n", "must have a header and at least one row"),
        ("a;b\n1;2\n", "parted by commas"),
        (",a\n0,1\n", "column 1 has no name"),
        ("Age,age \n1,2\n", "each column once, however 'Age' stands there twice"),
        ("a,b\n1,2\n1\n", r"Row 3: 2 cells were expected as in the header, however: 1;"),
        ("a,b\n1,2\n1,2,3\n", r"Row 3: 2 cells were expected as in the header, however: 3;"),
        ('a,b\n1,"2\n3,4\n', "does not parse near line"),
        ("a,b\n1,\0\n", "null bytes"),
    ],
)
def test_what_is_no_table_gives_one_sentence(tmp_path, text, message):
    with pytest.raises(SchemaError, match=message) as refusal:
        read_table(written(tmp_path, text))
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_other_encodings_folders_and_absent_files_are_refused_without_their_path(tmp_path):
    text = "Grüße,b\n1,2\n"
    for path in (
        written(tmp_path, text, "latin-1"),
        tmp_path,
        tmp_path / "absent.csv",
    ):
        with pytest.raises(SchemaError, match="The table must be") as refusal:
            read_table(path)
        assert str(tmp_path) not in str(refusal.value)


def test_a_table_above_the_bound_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_TABLE_BYTES", 7)
    assert read_table(written(tmp_path, "a\n12345"))
    with pytest.raises(SchemaError, match="at most 0 MB"):
        read_table(written(tmp_path, "a\n123456"))


def test_messages_name_the_table_where_there_are_several(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3\n")
    with pytest.raises(SchemaError, match=r"^Row 3 of train\.csv: "):
        read_table(path, "train.csv")
    with pytest.raises(SchemaError, match=r"The table train\.csv must have the column 'Path'"):
        read_table(written(tmp_path, "a\n1\n"), "train.csv").column("Path", "image")


def test_a_second_row_of_one_key_is_refused_with_both_rows(tmp_path):
    table = read_table(written(tmp_path, "film,x\nP4711_a,1\nb,2\nP4711_a,3\n"))
    refuse_twice(table, lambda row: row["x"])
    with pytest.raises(SchemaError, match=r"^Row 4: .* however Row 2 lists") as refusal:
        refuse_twice(table, lambda row: row["film"])
    assert "4711" not in str(refusal.value)
