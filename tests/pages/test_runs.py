"""The pages of runs, and the activation of a version."""

from processing import runs
from processing.models import Run
from tests.pages.reading import spec
from tests.pages.shop import SQL


def test_no_runs_yet(site):
    assert "Nothing has run yet" in site.get("/runs/").content.decode()


def test_the_list_shows_runs_and_can_be_filtered(site):
    done = runs.create("default", "backfill", "spend@1", "ana")
    lease = runs.claim(done.id)
    assert lease is not None
    runs.finish(lease, error="the engine was stopped")
    runs.create("default", "activate", "other@2", "ana")
    html = site.get("/runs/").content.decode()
    for said in ("Backfill", "spend@1", "the engine was stopped", "Failed", "Queued", 'hx-trigger="every 4s"'):
        assert said in html
    for asked in ({"status": "failed"}, {"type": "backfill"}, {"target": "spend@1"}):
        assert [run.target for run in site.get("/runs/", asked).context["rows"]] == ["spend@1"], asked
    assert "every 4s" not in site.get("/runs/", {"status": "failed"}).content.decode()
    assert "No run matches" in site.get("/runs/", {"status": "paused"}).content.decode()


def test_a_run_shows_what_it_was_asked_and_can_be_paused_resumed_and_cancelled(site):
    run = runs.create("default", "backfill", "spend@1", "ana", {"chunk": "1d"})
    html = site.get(f"/runs/{run.id}/").content.decode()
    assert "&quot;chunk&quot;: &quot;1d&quot;" in html
    for verb, status in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        html = site.post(f"/runs/{run.id}/{verb}/", follow=True).content.decode()
        assert f"The run is now: {status}" in html
    assert "cannot resume" in site.post(f"/runs/{run.id}/resume/", follow=True).content.decode()


def test_a_version_is_activated_from_the_page_and_back_again(shop, site):
    shop.define("spend", SQL)
    shop.define("spend", SQL.replace("SUM", "MAX"))
    shop.push([{"user_id": "u", "amount": 5}])
    shop.settle()
    answer = site.post("/features/spend/versions/2/activate/", follow=True)
    assert "Version 2 of spend is active." in answer.content.decode()
    assert spec("spend").active == 2
    assert Run.objects.get().status == "succeeded"
    assert "Activation" in site.get("/features/spend/runs/").content.decode()
    again = site.post("/features/spend/versions/2/activate/", follow=True)
    assert "is active already" in again.content.decode()
    site.post("/features/spend/versions/1/activate/")
    assert spec("spend").active == 1
    assert "there is no version 9" in site.post("/features/spend/versions/9/activate/", follow=True).content.decode()
