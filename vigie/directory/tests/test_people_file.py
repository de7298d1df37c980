"""Reading what spreadsheets write, and refusing what they do not."""

import pytest

from vigie.directory import people_file
from vigie.directory.people_file import UnreadableFile

FRENCH = "Adresse électronique;Nom;Prénom;Fonction\nines@val.example;Roy;Inès;Infirmière\n"


@pytest.mark.parametrize(
    "data",
    [
        FRENCH.encode(),
        FRENCH.encode("utf-8-sig"),
        FRENCH.encode("cp1252"),
        FRENCH.encode("utf-16"),
        FRENCH.replace("\n", "\r\n").encode(),
        FRENCH.replace(";", ",").encode(),
        FRENCH.replace(";", "\t").encode(),
        ("\n\n" + FRENCH + ";;;\n\n").encode(),
        'E-mail;"NOM ";" prénom";"Job title"\n"ines@val.example";"Roy";"Inès";"Infirmière"'.encode(),
        "First name,Surname,E-mail address,Role,Position\nInès,Roy,ines@val.example,,Infirmière".replace("Position", "Job").encode(),
    ],
)
def test_one_person_is_read_however_she_is_written(data: bytes) -> None:
    found = people_file.read(people_file.decoded(data))
    columns = people_file.guessed_columns(found.header)
    (line,) = found.lines
    values = people_file.values_of(line, columns)
    assert (values["email"], values["last_name"], values["first_name"]) == ("ines@val.example", "Roy", "Inès")
    assert values["function"] == "Infirmière"


def test_lines_are_numbered_as_editors_number_them() -> None:
    found = people_file.read('email;nom;prenom\na@x.fr;"deux\nlignes";A\n\nb@x.fr;B;B\n')
    assert [line.number for line in found.lines] == [2, 5]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ne contient personne"),
        (b"email;nom;prenom\n", "ne contient personne"),
        (b"PK\x03\x04\x14\x00", "classeur"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "classeur"),
        (b"a;b\x00;c\n1;2;3", "pas un texte"),
        (b"email\n" + b"x@y.fr\n" * 20_001, "Partagez-le"),
        (b"x" * (people_file.MOST_BYTES + 1), "5"),
        (b'email;nom;prenom\na@x.fr;A;A\nb@x.fr;"B;B\nc@x.fr;C;C\n', "ligne 3"),
    ],
)
def test_what_is_no_such_file_is_refused_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        people_file.read(people_file.decoded(data))
    assert said in str(refusal.value.message)


def test_a_formula_that_an_export_disarmed_comes_back_as_it_was() -> None:
    (line,) = people_file.read("email;nom;prenom\na@x.fr;'=1+1;'Ana\n").lines
    assert line.cells == ["a@x.fr", "=1+1", "'Ana"]


def test_several_names_in_a_cell_and_one_with_a_comma() -> None:
    known = {people_file.normal("Chirurgie, orthopédie"): 1, "urgences": 2}
    assert people_file.several("Urgences | Accueil", known) == ["Urgences", "Accueil"]
    assert people_file.several("chirurgie, Orthopedie", known) == ["chirurgie, Orthopedie"]
    assert people_file.several("", known) == []


def test_a_short_line_is_empty_where_it_ends() -> None:
    found = people_file.read("email;nom;prenom\na@x.fr\n")
    assert people_file.values_of(found.lines[0], {"email": 0, "last_name": 1})["last_name"] == ""
