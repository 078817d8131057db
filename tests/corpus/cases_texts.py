"""What stands in texts, and in files' names: secrets, payloads, people's numbers, traces of machines."""

from __future__ import annotations

import base64

import polars as pl

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.data import CANARY, PEOPLE, firms, per, survey, with_key, with_luhn
from hub.domain.exports import Severity

READ = "text with numbers is read by a steward"
KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"
TOKEN = "ghp_" + "a1B2" * 9
NIR = with_key("1850578006084")
CORSICAN = with_key("2851019004084")[13:]
CARD = with_luhn("453201511283036")


def iban(country: str, account: str) -> str:
    """An account's number with its check digits."""
    number = int("".join(str(int(c, 36)) for c in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def payload() -> str:
    """Rows of the survey, encoded."""
    return base64.b64encode(survey().head(20).write_csv().encode()).decode()


@bad("secrets", data=())
def a_private_key() -> Offer:
    """A private key in a text."""
    return {"notes.md": f"{KEY}\nabc\n"}


@bad("secrets", data=())
def a_token_in_source() -> Offer:
    """A token in a notebook's source."""
    return {"load.ipynb": dress.notebook(source=f"client = connect('{TOKEN}')")}


@bad("secrets", data=(), finds="paths")
def a_path_of_a_machine() -> Offer:
    """The path of a person's folder."""
    return {"run.log": "wrote /home/amelie/results\n"}


@good("secrets", data=())
def words_about_secrets() -> Offer:
    """A sentence about passwords, and a relative path."""
    return {"notes.md": "The password is in the vault; results are in out/tables.\n"}


@bad("encoded-payload")
def encoded_rows() -> Offer:
    """Rows as a long run of base64."""
    return {"notes.md": f"checksum: {payload()}\n"}


@bad("encoded-payload")
def encoded_rows_in_lines() -> Offer:
    """The same broken into lines, as ``base64`` writes it."""
    text = payload()
    return {"notes.txt": "\n".join(text[at : at + 76] for at in range(0, 760, 76)) + "\n"}


@bad("encoded-payload")
def encoded_rows_in_a_cell() -> Offer:
    """The same in a cell of a table."""
    return {"table.csv": f"area,note\nA,{payload()}\nB,none\n"}


@good("encoded-payload", data=(), review=READ)
def a_digest() -> Offer:
    """The SHA-256 of a file."""
    return {"notes.md": "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"}


@bad("personal-numbers", data=())
def a_social_security_number() -> Offer:
    """A social security number, in groups."""
    spaced = f"{NIR[0]} {NIR[1:3]} {NIR[3:5]} {NIR[5:7]} {NIR[7:10]} {NIR[10:13]} {NIR[13:]}"
    return {"notes.md": f"Patient {spaced} was left out.\n"}


@bad("personal-numbers", data=())
def a_corsican_number() -> Offer:
    """A social security number from Corsica."""
    return {"table.csv": f"who,visits\n285102A004084{CORSICAN},31\nsomebody,40\n"}


@bad("personal-numbers", data=())
def an_account() -> Offer:
    """The number of a bank account."""
    return {"notes.md": f"Paid to {iban('FR', '20041010050500013M02606')}.\n"}


@bad("personal-numbers", data=())
def a_card() -> Offer:
    """The number of a payment card."""
    return {"notes.md": f"Carte bancaire {CARD}\n"}


@good("personal-numbers", data=(), review=READ)
def numbers_that_only_look_so() -> Offer:
    """Numbers of as many digits whose check digits are wrong."""
    wrong = f"{NIR[:13]}{(int(NIR[13:]) + 1) % 97:02d}"
    return {"notes.md": f"Seeds {wrong} and {CARD[:-1]}{(int(CARD[-1]) + 1) % 10}.\n"}


@bad("enterprise-numbers", data=())
def a_column_of_enterprises() -> Offer:
    """A column of SIREN."""
    found = firms()["siren"].head(12).to_list()
    return {"firms.csv": "siren,staff\n" + "".join(f"{s},{20 + n}\n" for n, s in enumerate(found))}


@bad("enterprise-numbers", data=())
def an_establishment_in_prose() -> Offer:
    """A SIRET in a sentence that says so."""
    return {"notes.md": f"SIRET {with_luhn('7328293200007')} is closed.\n"}


@good("enterprise-numbers", data=(), review="no dataset gives the table")
def nine_digits() -> Offer:
    """Nine digits without a word that says what they are."""
    return {"budget.csv": f"line,amount\nA,{with_luhn('73282932')}\nB,410000000\n"}


@bad("contacts", data=(), severity=Severity.REVIEW)
def a_telephone_number() -> Offer:
    """A telephone number."""
    return {"notes.md": "Call 06 12 34 56 78.\n"}


@bad("contacts", data=(), severity=Severity.REVIEW)
def an_address() -> Offer:
    """An e-mail address."""
    return {"notes.md": "Ask amelie.durand@example.org.\n"}


@good("contacts", data=())
def a_word_with_an_at() -> Offer:
    """A decorator, which is no address."""
    return {"notes.md": "The function is marked with @cache and @property.\n"}


@bad("tracebacks", data=())
def a_traceback() -> Offer:
    """A traceback that quotes a value."""
    text = 'Traceback (most recent call last):\n  File "x.py", line 3, in f\nValueError: bad income 31245.18\n'
    return {"run.log": text}


@bad("tracebacks", data=())
def a_message_that_quotes() -> Offer:
    """The message of an error alone, which quotes a value."""
    return {"run.log": "KeyError: 'Amélie Durand'\n"}


@good("tracebacks", data=())
def words_about_errors() -> Offer:
    """A sentence about an error."""
    return {"notes.md": "The standard error is small; no warning was shown.\n"}


@bad("hosts", data=())
def a_machine_inside() -> Offer:
    """The name of a machine inside a network."""
    return {"run.log": "connected to db.hospital.local\n"}


@bad("hosts", data=())
def an_address_inside() -> Offer:
    """The address of a machine inside a network."""
    return {"run.log": "connected to 192.168.4.17\n"}


@good("hosts", data=())
def a_public_site() -> Offer:
    """A public site."""
    return {"notes.md": "See the documentation at docs.python.org.\n"}


@bad("confusables", data=(), severity=Severity.REVIEW)
def letters_that_pose() -> Offer:
    """A word with a Cyrillic letter among Latin ones."""
    return {"notes.md": "The re\u0455ults are in the table.\n"}


@good("confusables", data=())
def accents() -> Offer:
    """French words, and a Greek one."""
    return {"notes.md": "Les résultats agrégés, le naïf et l’œuvre: λόγος.\n"}


@bad("free-text", data=(), severity=Severity.REVIEW)
def a_long_text() -> Offer:
    """A text that is long enough to hold anything."""
    return {"notes.md": "All work and no play. " * 40}


@bad("free-text", data=(), severity=Severity.REVIEW)
def a_text_with_numbers() -> Offer:
    """A short text with a number."""
    return {"notes.md": "The effect is 1.31.\n"}


@bad("free-text", severity=Severity.REVIEW)
def a_number_in_words() -> Offer:
    """Counts by region without the small one, and a note that says the total in words."""
    return {"counts.csv": _regions_but_one(), "notes.md": "There are six hundred people.\n"}


@bad("free-text", severity=Severity.REVIEW)
def a_number_in_french_words() -> Offer:
    """The same in French."""
    return {
        "counts.csv": _regions_but_one(),
        "notes.md": "Il y a quatre-vingt-dix-sept et cinq cent trois personnes.\n",
    }


@bad("free-text", severity=Severity.REVIEW)
def a_number_in_raised_digits() -> Offer:
    """The same in raised digits."""
    return {"counts.csv": _regions_but_one(), "notes.md": "There are ⁶⁰⁰ people.\n"}


@bad("free-text", severity=Severity.REVIEW)
def a_number_in_roman_signs() -> Offer:
    """The same in Unicode's Roman numerals."""
    return {"counts.csv": _regions_but_one(), "notes.md": "There are ⅮⅭ people.\n"}


@bad("free-text", severity=Severity.REVIEW)
def a_number_in_chinese_signs() -> Offer:
    """The same in Chinese numerals."""
    return {"counts.csv": _regions_but_one(), "notes.md": "There are 六百 people.\n"}


@bad("header-values", severity=Severity.REVIEW)
def numbers_in_words_in_a_column_name() -> Offer:
    """Counts by region, and a column's name that says many numbers in words."""
    counts = _regions_but_one()
    return {"counts.csv": counts.rename({"n": "people " + "six seven four eight " * 6})}


def _regions_but_one() -> pl.DataFrame:
    return per(survey().filter(pl.col("region") != "Nord"), "region", n=PEOPLE)


@good("free-text", data=())
def a_square() -> Offer:
    """A short text with the sign of a square, and “one”."""
    return {"notes.md": "One of the models has a high R², with floors in m².\n"}


@good("free-text", data=())
def a_short_text() -> Offer:
    """A short text without a number."""
    return {"notes.md": "Income rises with schooling.\n"}


@bad("canary", named=True)
def a_planted_name_as_name() -> Offer:
    """A file called after the planted person."""
    return {f"{CANARY}.md": "Nothing.\n"}


@good("canary", named=True)
def a_first_name_as_name() -> Offer:
    """A file called after her first name."""
    return {"Zéphyrine.md": "Nothing.\n"}


@bad("direct-identifiers", named=True)
def a_person_as_name() -> Offer:
    """A file called after a person of the data."""
    return {f"results of {survey()['full_name'][40]}.md": "Nothing.\n"}


@good("direct-identifiers", named=True)
def a_tree_as_name() -> Offer:
    """A file called after a tree."""
    return {"acacia.md": "Nothing.\n"}


@bad("secrets", named=True, data=())
def a_token_as_name() -> Offer:
    """A file called after a token."""
    return {f"{TOKEN}.md": "Nothing.\n"}


@good("secrets", named=True, data=())
def a_plain_name() -> Offer:
    """A file called “secrets”."""
    return {"secrets.md": "Nothing.\n"}


@bad("encoded-payload", named=True)
def a_payload_as_name() -> Offer:
    """A file whose name is encoded rows."""
    return {f"{payload().replace('/', '_')[:230]}.md": "Nothing.\n"}


@good("encoded-payload", named=True, data=())
def a_digest_as_name() -> Offer:
    """A file called after a digest."""
    return {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.md": "Nothing.\n"}


@bad("personal-numbers", named=True, data=())
def a_number_as_name() -> Offer:
    """A file called after a social security number."""
    return {f"{NIR}.md": "Nothing.\n"}


@good("personal-numbers", named=True, data=())
def a_date_as_name() -> Offer:
    """A file called after a date and a time."""
    return {"20260102 0304.md": "Nothing.\n"}


@bad("enterprise-numbers", named=True, data=())
def an_enterprise_as_name() -> Offer:
    """A file called after an enterprise's number."""
    return {f"siren {with_luhn('73282932')}.md": "Nothing.\n"}


@good("enterprise-numbers", named=True, data=())
def nine_digits_as_name() -> Offer:
    """A file called after nine digits."""
    return {f"{with_luhn('73282932')}.md": "Nothing.\n"}


@bad("contacts", named=True, data=(), severity=Severity.REVIEW)
def an_address_as_name() -> Offer:
    """A file called after an e-mail address."""
    return {"amelie.durand@example.org.md": "Nothing.\n"}


@good("contacts", named=True, data=())
def a_person_of_the_lab_as_name() -> Offer:
    """A file called after its author."""
    return {"amelie.md": "Nothing.\n"}
