"""Credentials in no log and no file, and everything else left as it is."""

from __future__ import annotations

import os

import pytest

from unisafe_tasks.redaction import redact, redact_arguments, redacted

SENTINEL = "sentinel-carrot-turnip-1234"


@pytest.fixture(autouse=True)
def no_secrets_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if any(part in name.upper() for part in ("KEY", "TOKEN", "SECRET", "PASS", "CRED")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "name",
    [
        "HF_TOKEN",
        "OPENAI_API_KEY",
        "QWEN_KEY",
        "MY_SECRET",
        "DB_PASSWORD",
        "GOOGLE_CREDENTIALS",
        "hf_token",
    ],
)
def test_the_value_of_a_secret_variable_is_taken_out_wherever_it_stands(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SENTINEL)
    text = f"Namespace(x='{SENTINEL}') and {SENTINEL}{SENTINEL}, /path/{SENTINEL}/x"
    assert SENTINEL not in redact(text)
    assert redact(text).count("[redacted]") == 4


def test_a_variable_that_is_no_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_NAME", SENTINEL)
    assert redact(f"model {SENTINEL}") == f"model {SENTINEL}"


def test_a_value_too_short_to_be_a_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "carrot")
    monkeypatch.setenv("EMPTY_TOKEN", "")
    assert redact("a carrot") == "a carrot"


@pytest.mark.parametrize(("first", "second"), [("A_KEY", "B_KEY"), ("B_KEY", "A_KEY")])
def test_of_a_secret_that_holds_another_nothing_is_left(
    first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(first, SENTINEL)
    monkeypatch.setenv(second, f"{SENTINEL}-and-more")
    assert redact(f"{SENTINEL}-and-more, {SENTINEL}") == "[redacted], [redacted]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api_key=carrot", "api_key=[redacted]"),
        ("model=x,api_key=carrot,batch=1", "model=x,api_key=[redacted],batch=1"),
        ("APIKEY = carrot", "APIKEY = [redacted]"),
        ("hf_token: carrot", "hf_token: [redacted]"),
        ("client_secret=carrot;x=1", "client_secret=[redacted];x=1"),
        ("password:carrot", "password:[redacted]"),
        ("https://x.org/?token=carrot&y=1", "https://x.org/?token=[redacted]&y=1"),
        ('{"api_key": "carrot", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
        ("{'token':'carrot'}", "{'token':'[redacted]'}"),
        ("Client(password='carrot')", "Client(password='[redacted]')"),
        ('{"Authorization": "Token car rot"}', '{"Authorization": "[redacted]"}'),
        ("headers={'Cookie': 'a=car; b=rot'}", "headers={'Cookie': '[redacted]'}"),
        (r'"{\"api_key\": \"car rot\"}"', r'"{\"api_key\": \"[redacted]\"}"'),
        ("https://x.org/?sig=carrot&v=1", "https://x.org/?sig=[redacted]&v=1"),
        ("X-Amz-Signature=carrot", "X-Amz-Signature=[redacted]"),
    ],
)
def test_the_value_of_an_assignment_is_taken_out(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "option", ["--api-key", "--key", "--auth-token", "--passwd", "--credentials", "-token"]
)
@pytest.mark.parametrize("value", ["carrot", "'car rot'", '"car rot"'])
def test_the_value_of_an_option_is_taken_out(option: str, value: str) -> None:
    assert redact(f"run {option} {value} --n 1") == f"run {option} [redacted] --n 1"


def test_a_login_is_taken_out_and_a_script_is_not() -> None:
    assert redact("curl -u user:carrot x") == "curl -u [redacted] x"
    assert redact("python -u runner.py") == "python -u runner.py"


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "postgresql"])
def test_a_password_in_an_address_is_taken_out(scheme: str) -> None:
    assert redact(f"at {scheme}://user:carrot@host/x") == f"at {scheme}://[redacted]@host/x"


def test_a_secret_in_an_address_is_taken_out_as_it_is_written_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY", "carrot+turnip/1234")
    assert redact("https://x/?q=carrot%2Bturnip%2F1234") == "https://x/?q=[redacted]"


def test_a_command_line_has_none_that_is_a_word_of_its_own() -> None:
    line = ["run", "--api-key", "carrot", "--n", "1", "--model_args", "key=carrot,n=1"]
    assert redact_arguments(line) == [
        *["run", "--api-key", "[redacted]", "--n", "1", "--model_args", "key=[redacted],n=1"]
    ]


def test_json_has_none_at_any_depth() -> None:
    value = {
        "extra_body": {"provider": {"api_key": "carrot"}, "n": 1, "tags": ["key=carrot", None]},
        "headers": {"Authorization": ["Token carrot"], "X-Auth": {"value": "carrot"}},
        "max_tokens": 5,
        "token": None,
        "command": "python run.py --password carrot",
    }
    shown = redacted(value)
    assert "carrot" not in str(shown)
    assert shown["extra_body"]["n"] == 1
    assert (shown["max_tokens"], shown["token"]) == (5, None)


@pytest.mark.parametrize(
    "part", ["-", "a--", "--key-", "key ", "key=", "bearer ", "http://a", 'key="', "--key '"]
)
def test_a_long_text_takes_no_longer_than_its_length(part: str) -> None:
    # What is quadratic in it would take minutes.
    assert redact(part * 60_000 + " carrot").endswith(" carrot")


@pytest.mark.parametrize(
    "secret", ["hf_" + "a1" * 17, "sk-" + "b2" * 12, "sk-proj-" + "c_" * 20, "AIza" + "d3" * 18]
)
@pytest.mark.parametrize("text", ["{}", "401 for {}.", "'{}'", "Bearer {}\n", "a {} b"])
def test_known_shapes_are_taken_out(secret: str, text: str) -> None:
    assert redact(text.format(secret)) == text.format("[redacted]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "max_tokens=1024,temperature=0",
        "tokenizer=carrot",
        "monkey=carrot",
        "keyboard: qwerty",
        "the token of the day",
        "hf_model sk-learn AIza",
        "--tasks unisafe --model_args pretrained=teaville/carrot",
        "judge one needs its API key in the environment variable ONE_KEY, which is not set",
        "o.json holds what looks like a credential: nothing was written",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redact(text) == text
