import cProfile, pstats, time, io, os
from uuid import uuid4
import pytest
from django.test import Client
from django.db import connections
from django.test.utils import CaptureQueriesContext
from vigie.incidents.tests.conftest import *
from vigie.incidents.tests.test_pages import sign_in, filing
from vigie.incidents.tests.factories import FollowUpFactory, IncidentFactory
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import *
pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]

def timed(name, ask, n=60):
    for _ in range(5): r = ask()
    with CaptureQueriesContext(connections["default"]) as q: r = ask()
    print(f"\n==== {name}: {r.status_code} {len(r.content)} bytes, {len(q)} queries default")
    if os.environ.get("SQL"):
        for x in q.captured_queries: print("   ", x["time"], x["sql"][:int(os.environ["SQL"])].replace("\n"," "))
    t=time.perf_counter(); c=time.process_time()
    for _ in range(n): ask()
    print(f"{name}: wall {(time.perf_counter()-t)/n*1e3:.2f} ms cpu {(time.process_time()-c)/n*1e3:.2f} ms")
    if os.environ.get("PROF"):
        p=cProfile.Profile(); p.enable()
        for _ in range(n): ask()
        p.disable(); s=io.StringIO(); pstats.Stats(p,stream=s).sort_stats(os.environ["PROF"]).print_stats(int(os.environ.get("TOP","45"))); 
        print("\n".join(l[:150] for l in s.getvalue().splitlines()[4:]))

def test_profile(territory, client, settings):
    from django.template import Template
    from django.test.utils import _TestState
    Template._render = _TestState.saved_data.template_render
    settings.TEMPLATES[0]["OPTIONS"].pop("string_if_invalid", None)
    from django.template import engines
    for e in engines.all():
        e.engine.string_if_invalid = ""
    incs=[]
    with as_maintenance():
        for i in range(60):
            incs.append(IncidentFactory.create(site=territory.hospital, desk=territory.desk, requester=territory.alice, status=Status.ASSIGNED, assignee=territory.tom))
        for i in range(5):
            FollowUpFactory.create(incident=incs[0])
    sign_in(client, territory.tom)
    only=os.environ.get("ONLY","")
    pages={"list": f"/incidents/guichet/{territory.desk.slug}/?liste=a-traiter","record": f"/incidents/{incs[0].number}/","search":"/incidents/recherche/?q=étiquettes sortent", "home":"/"}
    for k,v in pages.items():
        if only in ("",k): timed(k, lambda: client.get(v))
    if only in ("","comment"):
        timed("comment", lambda: client.post(f"/incidents/{incs[1].number}/repondre/", {"body":"Bonjour, c'est noté.","submission":uuid4()}))
    if only in ("","file"):
        c2=Client(); sign_in(c2, territory.alice)
        timed("file", lambda: c2.post("/incidents/nouveau/", filing(territory)))
