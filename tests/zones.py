"""Machine-readable zones written the slow, obvious way: an oracle beside the parser."""

from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

PASSPORT_SPECIMEN = """
P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UTO7408122F1204159ZE184226B<<<<<10
"""
"""ICAO Doc 9303-4, appendix B."""

OLDER_PASSPORT_SPECIMEN = """
P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C<3UTO6908061F9406236ZE184226B<<<<<14
"""
"""ICAO Doc 9303-4, earlier editions."""

CARD_SPECIMEN = """
I<UTOD231458907<<<<<<<<<<<<<<<
7408122F1204159UTO<<<<<<<<<<<6
ERIKSSON<<ANNA<MARIA<<<<<<<<<<
"""
"""ICAO Doc 9303-5, appendix B."""

LONG_NUMBER_SPECIMEN = """
I<UTOD23145890<7349<<<<<<<<<<<
3407127M9507122UTO<<<<<<<<<<<2
STEVENSON<<PETER<JOHN<<<<<<<<<
"""
"""ICAO Doc 9303-11, appendix D.2: eleven characters of number spill into the optional data."""


def check_digit(characters: str) -> str:
    """Weights 7, 3, 1, one character after another."""
    total = 0
    weights = [7, 3, 1]
    for character in characters:
        value = 0 if character == "<" else ALPHABET.index(character)
        weight = weights.pop(0)
        weights.append(weight)
        total = total + weight * value
    return str(total % 10)


def checked(field: str) -> str:
    """A field and its check digit."""
    return field + check_digit(field)


@dataclass(frozen=True)
class Holder:
    """What is written into a zone."""

    state: str = "THA"
    number: str = "AA1234567"
    nationality: str = "THA"
    birth: str = "900131"
    sex: str = "F"
    expiry: str = "300130"
    optional: str = ""
    names: str = "JAIDEE<<SOMYING"

    def passport(self) -> str:
        """TD3, two lines."""
        number = checked(self.number.ljust(9, "<"))
        birth, expiry = checked(self.birth), checked(self.expiry)
        optional = checked(self.optional.ljust(14, "<"))
        composite = check_digit(number + birth + expiry + optional)
        first = "P<" + self.state.ljust(3, "<") + self.names.ljust(39, "<")
        nationality = self.nationality.ljust(3, "<")
        second = number + nationality + birth + self.sex + expiry + optional + composite
        return f"{first}\n{second}\n"

    def card(self) -> str:
        """TD1, three lines; a number of more than nine characters spills over."""
        if len(self.number) > 9:
            spilled = checked(self.number)[9:] + "<" + self.optional
            upper = self.number[:9] + "<" + spilled.ljust(15, "<")
        else:
            upper = checked(self.number.ljust(9, "<")) + self.optional.ljust(15, "<")
        birth, expiry = checked(self.birth), checked(self.expiry)
        composite = check_digit(upper + birth + expiry + "<" * 11)
        first = "I<" + self.state.ljust(3, "<") + upper
        nationality = self.nationality.ljust(3, "<")
        second = birth + self.sex + expiry + nationality + "<" * 11 + composite
        third = self.names.ljust(30, "<")
        return f"{first}\n{second}\n{third}\n"
