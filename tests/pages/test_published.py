"""Published results and public data sets, page by page, in every state."""

from __future__ import annotations

from pathlib import Path

import pytest

from pxcore.data.catalogue import CATALOGUE
from pxcore.types import ImportProgress, ImportRequest, ImportState
from pxcore.types.public import PublicState
from tests.fake_lab import FakeLab
from tests.pages.conftest import Open, words


def test_the_sentence_comes_first_and_says_no_more_than_the_folds(
    lab: FakeLab, visit: Open
) -> None:
    app = visit("published", set="synapse")
    first = app.markdown[0].value if app.markdown else ""
    text = words(app)
    assert "Published results" in app.title[0].value
    assert "P-CD3zeta, CD3 and MHCII above what the empty channels reach" in text
    assert "They leave F-Actin and CD18 undecided" in text
    assert "loses at most 0.0169 F1 against all channels" in text
    assert "within a margin of 0.02, not of 0.01." in text
    assert first.startswith("**Five folds put")


@pytest.mark.parametrize("set_id", [one.id for one in CATALOGUE.values() if not one.by_hand])
@pytest.mark.parametrize("method", ["pxpermute", "occlusion", "lrp"])
def test_every_set_and_method_is_drawn(lab: FakeLab, visit: Open, set_id: str, method: str) -> None:
    text = words(visit("published", set=set_id, method=method))
    assert ("no interval can be computed" in text) is (method == "occlusion")
    assert ("No verdicts" in text) is (method == "lrp")
    assert "10.1016/j.crmeth.2024.100715" in text
    assert CATALOGUE[set_id].doi in text
    assert "Tested on cells that were trained on" in text
    assert ("Fewer stains" in text) is (set_id != "apoptotic")
    assert ("Empty channels score" in text) is (set_id == "synapse")
    assert ("A ninth class slips in" in text) is (set_id == "blood")


def test_an_unknown_address_shows_the_first_set(lab: FakeLab, visit: Open) -> None:
    text = words(visit("published", set="nothing", method="none"))
    assert "Five folds put FL above zero" in text
    assert "the verdicts are weaker for it" in text


def test_the_choice_stands_in_the_address(lab: FakeLab, visit: Open) -> None:
    app = visit("published", set="blood")
    app.selectbox(key="published-method").select("deeplift").run()
    assert app.query_params["set"] in ("blood", ["blood"])
    assert app.query_params["method"] in ("deeplift", ["deeplift"])
    assert not app.exception


def test_the_way_to_ones_own_cells(lab: FakeLab, visit: Open) -> None:
    labels = [button.label for button in visit("published").button]
    assert {"Get these cells", "Rank your own cells"} <= set(labels)


def test_public_data_sets_are_listed_with_source_and_folder(lab: FakeLab, visit: Open) -> None:
    synapse = CATALOGUE["synapse"]
    lab.public.here = {
        "synapse": PublicState(
            entry=synapse, state="partly", folder="/store/s", n_bytes=3 * 2**20, resumes=True
        ),
        "blood": PublicState(
            entry=CATALOGUE["blood"],
            state="here",
            folder="/store/b",
            file="mine.zip",
            sha256="ab" * 32,
            dataset_id="d" * 16,
        ),
    }
    app = visit("datasets", add="public")
    text = words(app)
    for entry in CATALOGUE.values():
        assert entry.doi in text
        assert entry.licence.split(",")[0] in text
        assert all(one[:40] in text for one in entry.assumed)
    assert "put the file into `/store/s`" in text
    assert "ab" * 32 in text
    assert app.button(key="public-apoptotic").label == "Fetch and import"
    assert app.button(key="public-synapse").label == "Go on fetching (3.0 MiB are here)"
    assert app.button(key="public-blood").disabled


def test_tissue_is_put_there_by_hand(lab: FakeLab, visit: Open) -> None:
    imc = CATALOGUE["imc"]
    lab.public.here = {
        "imc": PublicState(entry=imc, state="absent", folder="/store/imc", may_fetch=False)
    }
    app = visit("datasets", add="public")
    assert app.button(key="public-imc").disabled
    text = words(app)
    assert "write images.csv beside them" in text.replace("\\", "")
    assert "Put the folder into `/store/imc`" in text
    assert "Downloads are switched off" not in text


def test_what_cannot_go_on_or_may_not_be_fetched_is_told(lab: FakeLab, visit: Open) -> None:
    synapse, blood, apoptotic = (CATALOGUE[name] for name in ("synapse", "blood", "apoptotic"))
    lab.public.here = {
        "synapse": PublicState(entry=synapse, state="partly", folder="/store/s", n_bytes=2**20),
        "blood": PublicState(entry=blood, state="absent", folder="/store/b", may_fetch=False),
        "apoptotic": PublicState(entry=apoptotic, state="here", folder="/a", may_fetch=False),
    }
    app = visit("datasets", add="public")
    text = words(app)
    assert app.button(key="public-synapse").label == "Fetch anew (1.0 MiB are here)"
    assert "the server does not send the rest of a file" in text
    assert app.button(key="public-blood").disabled
    assert "switched off on this host" in text
    assert "`/store/b` by hand" in text
    assert not app.button(key="public-apoptotic").disabled


def test_a_fetch_goes_to_its_progress(lab: FakeLab, visit: Open) -> None:
    request = ImportRequest(path="public:apoptotic", title="Apoptotic cells")
    lab.imports.listed = [
        ImportProgress(
            id="imported",
            request=request,
            state=ImportState.RUNNING,
            step="downloading 1.2 of 3.4 GiB",
            share=0.2,
        )
    ]
    app = visit("datasets", add="public")
    app.button(key="public-apoptotic").click().run()
    assert lab.public.started == [("apoptotic", "")]
    live = visit("datasets", importing="imported")
    assert "Import of Apoptotic cells" in words(live)


def test_a_failed_fetch_shows_address_and_folder(lab: FakeLab, visit: Open, tmp_path: Path) -> None:
    error = (
        f"https://x.org/f could not be fetched. Without the internet: put the file into {tmp_path}"
    )
    lab.imports.listed = [
        ImportProgress(
            id="imported",
            request=ImportRequest(path="public:blood", title="White blood cells"),
            state=ImportState.FAILED,
            error=error,
        )
    ]
    text = words(visit("datasets", importing="imported"))
    assert str(tmp_path) in text
