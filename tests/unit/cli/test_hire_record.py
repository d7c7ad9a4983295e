"""What a hire keeps and what it takes: request ids, inputs, names of a stranger's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.cli.hire.record import (
    Details,
    HireRecord,
    Input,
    InputUnusable,
    RequestDiffers,
    load_record,
    new_request_id,
    read_details,
    read_input,
    require_newest,
    require_request_id,
    require_same,
    result_folder,
    save_record,
)
from agents_offchain.cli.hire.result import ResultWrong, save_result
from agents_offchain.primitives.canonical import canonical_json, sha256
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.documents import MAX_ATTACHMENTS
from agents_offchain.storage.artifacts.client import MemoryArtifactStore

pytestmark = pytest.mark.unit


def test_record__once_saved__is_what_the_request_id_means(tmp_path: Path) -> None:
    settings, given = Settings(home=tmp_path), Input(b"photo", "image/jpeg")
    record = HireRecord("r-1", "client", 3, 1_500_000, given.sha256_hex, "", "cid")
    assert load_record(settings, "r-1") is None
    save_record(settings, record)
    assert load_record(settings, "r-1") == record
    assert record.generation == 1, "a record of an earlier release is of the first contracts"
    require_same(record, given, Details(), "client", "")
    for data, key, note in ((b"other", "client", ""), (b"photo", "agent", ""), (b"photo", "client", "more")):
        with pytest.raises(RequestDiffers):
            require_same(record, Input(data, "image/jpeg"), Details(), key, note)


def test_record__of_contracts_that_the_market_has_left__is_paid_no_more(tmp_path: Path) -> None:
    record = HireRecord("r-1", "client", 3, 1, "", "", "cid", generation=2)
    require_newest(record, 2)
    with pytest.raises(RequestDiffers, match="before the market moved"):
        require_newest(record, 3)


def test_result_folder__of_one_number_in_two_generations__is_two_folders(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    folders = [result_folder(settings, generation, 7).name for generation in (1, 2)]
    assert folders == ["job-7", "job-2-7"]


def test_details__of_settings_and_attachments__are_part_of_what_a_request_id_means(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("more")
    details = read_details([tmp_path / "more.txt"], ["question=Who pays?", "top=3", 'fields=["a"]'], 100)
    assert details.settings == {"question": "Who pays?", "top": 3, "fields": ["a"]}
    assert details.attachments == (Input(b"more", "text/plain"),)
    assert details.sha256_hex != read_details([], ["question=Who pays?"], 100).sha256_hex != Details().sha256_hex == ""
    record = HireRecord("r-1", "client", 3, 1, Input(b"x", "text/plain").sha256_hex, "", "cid", details.sha256_hex)
    require_same(record, Input(b"x", "text/plain"), details, "client", "")
    with pytest.raises(RequestDiffers):
        require_same(record, Input(b"x", "text/plain"), Details(), "client", "")
    for wrong in ("", "=", "=3", "question"):
        with pytest.raises(InputUnusable):
            read_details([], [wrong], 100)


def test_details__more_files_than_a_job_takes__name_the_first_too_many_before_any_is_read(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(MAX_ATTACHMENTS + 1)]
    with pytest.raises(InputUnusable, match=f"{MAX_ATTACHMENTS}.jpg is one file too many"):
        read_details(files, [], 100)


@pytest.mark.parametrize("text", ["", "../x", "a b", ".hidden", "x" * 65, "a/b"])
def test_request_id__that_is_no_file_name__is_refused(text: str) -> None:
    with pytest.raises(RequestDiffers):
        require_request_id(text)
    assert require_request_id(new_request_id())


def test_read_input__takes_one_file_or_words_within_bounds(tmp_path: Path) -> None:
    photo = tmp_path / "photo.dat"
    photo.write_bytes(b"\xff\xd8\xff\xe0 rest")
    assert read_input(photo, None, 100).media_type == "image/jpeg"
    assert read_input(None, "grüezi", 100) == Input("grüezi".encode(), "text/plain")
    (tmp_path / "empty").touch()
    for file, text, size in ((None, None, 9), (photo, "x", 9), (photo, None, 3), (tmp_path / "none", None, 9)):
        with pytest.raises(InputUnusable):
            read_input(file, text, size)
    with pytest.raises(InputUnusable):
        read_input(tmp_path / "empty", None, 9)


async def stored(store: MemoryArtifactStore, **changes: object) -> bytes:
    cid = await store.put(b"picture")
    document = {
        "job": {"job_id": "5"},
        "request_cid": "asked",
        "artifacts": {"../../evil": {"cid": cid, "media_type": "image/png", "bytes": 7}},
        **changes,
    }
    data = canonical_json(document)
    await store.put(data)
    return sha256(data)


async def test_save_result__given_hostile_names__stays_in_its_folder(tmp_path: Path) -> None:
    store, folder = MemoryArtifactStore(), tmp_path / "out"
    document, paths = await save_result(store, await stored(store), "asked", 5, folder)
    assert document["request_cid"] == "asked"
    assert [path.name for path in paths] == ["result.json", "evil.png"]
    assert all(path.parent == folder for path in paths)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "changes",
    [{"request_cid": "other"}, {"job": {"job_id": "6"}}, {"job": 5}, {"artifacts": {"a": 1}}, {"artifacts": []}],
)
async def test_save_result__of_another_job_or_malformed__is_contested_or_without_files(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    store = MemoryArtifactStore()
    deliverable = await stored(store, **changes)
    if changes == {"artifacts": []}:
        assert len((await save_result(store, deliverable, "asked", 5, tmp_path))[1]) == 1
        return
    with pytest.raises(ResultWrong):
        await save_result(store, deliverable, "asked", 5, tmp_path)
