"""Secrets never reach the database; ordinary sentences about passwords do (CON-8)."""

import random

import pytest

from vigie.confidentiality.secrets import CODE, KEY, LINK, PASSWORD, Kind, remove_secrets, secrets_in

PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg
VcB/UNPxalR9zDYAjQIfjojUDiQuGnSJrFEEzZPT
-----END PRIVATE KEY-----"""
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW1pbGxlIn0.c2lnbmF0dXJlLXF1ZWxjb25xdWU"


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        ("Mon mot de passe : Soleil2024!", "Soleil2024", PASSWORD),
        ("mdp=azerty", "azerty", PASSWORD),
        ("MDP : Azerty", "Azerty", PASSWORD),
        ("Le mot de passe de la session est Bloc3Nord", "Bloc3Nord", PASSWORD),
        ("le mot de passe est « rouge »", "rouge", PASSWORD),
        ("password is Hunter2", "Hunter2", PASSWORD),
        ("mot de passe\n: Hiver#2025", "Hiver#2025", PASSWORD),
        ("Le mot de passe, c'est « rouge ».", "rouge", PASSWORD),
        ("login/mdp : jdupont / chatnoir", "chatnoir", PASSWORD),
        ("phrase secrète du site : talus-9f3k-marne-42zq", "talus-9f3k", PASSWORD),
        ("Passphrase: correct-Horse-battery", "correct-Horse", PASSWORD),
        ("postgres://vigie:s3cr3t@base.example/vigie ne répond pas", "s3cr3t", PASSWORD),
        ("code de secours : 12345678", "12345678", CODE),
        ("Codes de secours : 12345678, 87654321 et voilà", "87654321", CODE),
        ("Mon code PIN est 4821", "4821", CODE),
        (f"La clé du serveur :\n{PEM}\nMerci", "MIGHAgEAMBMG", KEY),
        (f"curl -H 'Authorization: Bearer {'a1B2' * 8}'", "a1B2a1B2", KEY),
        (f"jeton reçu : {TOKEN}", "eyJzdWIi", KEY),
        ("otpauth://totp/Vigie:camille?secret=JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP", KEY),
        ("api_key = 9f8e7d6c5b4a", "9f8e7d6c5b4a", KEY),
        ("https://vigie.example/invitation/Zx81kfLs02mQpW73hhTyuB2n/ ne marche pas", "Zx81kfLs02mQpW73", LINK),
    ],
)
def test_a_secret_is_taken_out_and_what_stood_there_is_said(text: str, secret: str, kind: Kind) -> None:
    cleaned = remove_secrets(text)
    assert secret not in cleaned
    assert kind.mark in cleaned
    assert secrets_in(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "J’ai oublié mon mot de passe.",
        "Mot de passe : oublié",
        "Mot de passe : impossible de le changer depuis ce matin",
        "Le mot de passe est expiré depuis trois jours",
        "Le mot de passe est refusé : message « Identifiants incorrects »",
        "Le changement de mot de passe est impossible sur le poste 12",
        "Le passage en caisse est bloqué, 3 postes concernés",
        "Il passe : 3 fois sur 4 l’impression échoue",
        "Code d’erreur : E-1234",
        "Le code postal est 45000",
        "Merci de réinitialiser le mot de passe de la secrétaire, poste 4512.",
        "https://vigie.example/incidents/INC-2026-000001/ répond 500",
        "http://serveur:8080/chemin@version",
        "Le jeton est refusé",
        "La clé USB est cassée",
        "Épinglé : voir le ticket précédent",
        "",
    ],
)
def test_an_ordinary_sentence_stays_as_it_is(text: str) -> None:
    assert remove_secrets(text) == text
    assert secrets_in(text) == []


def test_the_rest_of_the_text_stays() -> None:
    text = "Bonjour,\nLe poste 12 est bloqué. Mot de passe : Soleil2024!\nMerci, à 17 h 58."
    assert remove_secrets(text) == "Bonjour,\nLe poste 12 est bloqué. Mot de passe : [mot de passe retiré]!\nMerci, à 17 h 58."


def test_what_was_removed_once_is_left_alone() -> None:
    once = remove_secrets("mdp : Soleil2024 et code de secours : 12345678")
    assert remove_secrets(once) == once
    assert secrets_in(once) == []


def test_hostile_texts_of_the_greatest_length_are_read_in_steps_that_grow_no_faster_than_they_do() -> None:
    # A pattern that backtracks would take minutes here; the suite's own time limit is the judge.
    chance = random.Random(8)
    pieces = [
        "mot de passe ",
        "mdp ",
        ": ",
        "= ",
        "a" * 40,
        " ",
        "\n",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ",
        ".",
        "://",
        "@",
        "code de secours : ",
    ]
    for piece in pieces:
        remove_secrets((piece * 20_000)[:20_000])
    for _ in range(5):
        remove_secrets("".join(chance.choice(pieces) for _ in range(4_000))[:20_000])
