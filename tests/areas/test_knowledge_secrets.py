"""Likely secrets are refused by kind; texts that only speak of secrets are stored."""

from __future__ import annotations

import time

import pytest

from resolvers.acts import Engine
from resolvers.knowledge.secrets import kind_of_secret
from tests.areas.knowledge_cases import LEARN, STORE, dump, refused, send
from tests.conftest import Run

# Built from parts, so that no scanner takes this file for one that holds secrets.
A36, B40 = "aB3" * 12, "Ab1/" * 10
SECRETS = [
    ("-----BEGIN RSA PRIV" + "ATE KEY-----\nMIIE", "private key"),
    ("-----BEGIN OPENSSH PRIV" + "ATE KEY-----", "private key"),
    ("-----BEGIN PGP PRIV" + "ATE KEY BLOCK-----", "private key"),
    ("id AK" + "IAQX7ZP4T2LM9KRW3D", "AWS access key"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzK0qLmNpQr", "AWS secret key"),
    ("use gh" + f"p_{A36} here", "GitHub token"),
    ("github" + f"_pat_{A36}{A36}", "GitHub token"),
    ("gl" + "pat-aB3dE5gH7jK9mN1pQ3sT", "GitLab token"),
    ("xo" + "xb-1234567890-abcdefghij", "Slack token"),
    ("https://hooks.slack" + ".com/services/T01234567/B01234567/aBcDeFgHiJkLmNoPqRsTuVwX", "Slack token"),
    ("AI" + "zaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", "Google API key"),
    ("sk" + "_live_aB3dE5gH7jK9mN1pQ3sT5vX7", "Stripe key"),
    ("sk-" + "ant-api03-aB3dE5gH7jK9mN1pQ3sT5vX7zA9", "Anthropic API key"),
    ("sk-" + "proj-aB3dE5gH7jK9mN1pQ3sT5vX7zA9", "OpenAI API key"),
    ("ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "JSON web token"),
    ("postgres://app:h8Dk2-Lq9@db.internal:5432/orders", "connection string"),
    ("mongodb+srv://root:S3nhaF0rte@cluster0.internal.net/db", "connection string"),
    ("redis://:p4ssw0rd9x@cache:6379", "connection string"),
    ("Server=db;User=sa;Pwd=Gh7kLm2p;Database=x", "connection string"),
    ('password = "hunter2-and-more"', "password"),
    ("db_password: 'S0mething!'", "password"),
    ('{"password": "P@ssw0rd!"}', "password"),
    ("DB_PASSWORD=kd83hfk2lqz", "password"),
    ('api_key = "aB3dE5gH7jK9mN1pQ3sT5vX7"', "secret"),
    ("CLIENT_SECRET=aB3dE5gH7jK9mN1pQ3sT5vX7", "secret"),
    ("il" + "k_aB3dE5gH7jK9mN1pQ3sT5vX7zA9bC1dE3fG5hI7jK9m", "Interlock key"),
    ("ses_06h0acvhdj06nmtgph0ezdaj.aB3dE5gH7jK9mN1pQ3sT5vX7zA9bC1dE3fG5hI7jK9m", "Interlock session secret"),
]
HARMLESS = [
    "the password is in the vault under db/orders",
    'password = "<password>"',
    'password = "${DB_PASSWORD}"',
    'password = os.environ["DB_PASSWORD"]',
    "password=settings.db_password",
    "password: str = Field(min_length=12)",
    "def login(user, password=None):",
    'password = "changeme"',
    'password: "your-password-1"',
    'password="********"',
    "Password: required, at least 12 characters",
    "if password == 'password':",
    'input type="password" name="password"',
    "DB_PASSWORD=",
    "DB_PASSWORD=<secret>",
    "DB_PASSWORD=$(cat /run/secrets/db)",
    "postgres://user:password@localhost/db",
    "postgres://user:<password>@db/orders",
    "postgres://$USER:$PASS@db/orders",
    "postgres://user:pass@example.com/db",
    "https://user:s3cretValue@example.com/x",
    "https://example.com:8080/a@b",
    "http://localhost:8080/graphql@latest",
    "git@github.com:owner/name.git",
    "git sha e83c5163316f89bfbde7d9ab23ca2e25604af290",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "AK" + "IAIOSFODNN7EXAMPLE",
    "set ANTHROPIC_API_KEY=sk-" + "ant-... in .env",
    "sk-spinner-container-of-the-page-header",
    "the api_key of memory_start_session",
    "api_key=YOUR_API_KEY_GOES_HERE_12345",
    "token = get_token_from_the_session_store()",
    'token: "string"',
    "max_tokens=2000",
    "token_count = 1234567890123456789012",
    "-----BEGIN CERTIFICATE-----\nMIIB",
    "-----BEGIN PUBLIC KEY-----",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 ann@host",
    "keys begin with ilk_ and are shown once",
    "eyJ is how a JSON web token begins",
    "secret_name = projects/orders/secrets/db",
    "the primary key of orders is order_id",
    "import passwords as p; p.check(value)",
]


@pytest.mark.parametrize(("text", "kind"), SECRETS, ids=[str(n) for n in range(len(SECRETS))])
def test_a_secret_is_known_by_its_kind(text: str, kind: str) -> None:
    assert kind in (kind_of_secret(f"In the middle of a text:\n{text}\nand it goes on.") or "nothing")


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_only_speaks_of_secrets_is_harmless(text: str) -> None:
    assert kind_of_secret(f"Some words before.\n{text}\nSome words after.") is None


@pytest.mark.parametrize("field", ["title", "content", "interfaceSchema", "tags"])
async def test_a_secret_is_refused_with_its_kind_wherever_it_stands(
    engine: Engine, run: Run, field: str
) -> None:
    secret = SECRETS[5][0]
    value = {"interfaceSchema": {"default": secret}, "tags": [secret]}.get(field, secret)
    given = {"title": "t", "content": "c", "type": "INTERFACE", "interfaceName": "i", "project": "p"}
    before = await dump(engine)
    error = await refused(run, STORE, input={**given, field: value})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_INPUT", field)
    assert "GitHub token" in error["message"] and "allow_secrets" in error["extensions"]["hint"]
    assert A36 not in str(error), "the secret itself must not be repeated"
    assert await dump(engine) == before


async def test_a_caller_may_say_that_it_is_no_secret(run: Run) -> None:
    learnt = {"title": "t", "details": SECRETS[0][0], "project": "p"}
    error = await refused(run, LEARN, input=learnt)
    assert error["extensions"]["field"] == "details"
    assert (await send(run, LEARN, input={**learnt, "allowSecrets": True}))["id"]
    stored = {"title": "t", "content": SECRETS[15][0], "type": "CONFIG", "project": "p"}
    assert (await send(run, STORE, input={**stored, "allowSecrets": True}))["id"]


@pytest.mark.parametrize(
    "text", ["a" * 51_200, "password=" * 5_000, "aws " * 12_000, "postgres://" * 4_000, "eyJa." * 10_000]
)
def test_no_text_takes_long_to_look_through(text: str) -> None:
    began = time.process_time()
    kind_of_secret(text)
    assert time.process_time() - began < 1
