import csv, io, time, random, tracemalloc
from datetime import date, timedelta
from tests.virtualschool.register.conftest import *
from tests.virtualschool.register.conftest import as_csv, TODAY
from virtualschool.register import schools, children
from children.models import Child
def test_perf(world):
    src='/work/shared/data/gias/edubasealldata_gloucestershire_and_neighbours.csv'
    t=time.time(); p=schools.read(open(src,'rb')); r=schools.plan(p, TODAY); schools.apply(r, by=world.ada); print("1758 schools", time.time()-t)
    t=time.time(); r=schools.plan(schools.read(open(src,'rb')), TODAY); schools.apply(r, by=world.ada); print("again", time.time()-t, r.same, len(r.lines), r.missing)
    lines=open(src,'rb').read().splitlines(True); big=[lines[0]]
    for k in range(28):
        for l in lines[1:]:
            big.append(l.replace(l[:8], b'"%d"'%(200000+len(big)),1))
    t=time.time(); p=schools.read(big); print(len(p.rows),"read", time.time()-t)
    t=time.time(); r=schools.plan(p, TODAY); print("plan", time.time()-t); t=time.time(); schools.apply(r, by=world.ada); print("apply", time.time()-t)
    rnd=random.Random(1)
    G="Ava Ben Cara Dan Ella Finn Gia Hal Ines Jay Kit Lola Max Nia Otis Pia Quin Rae Sol Tess Uma Vic Wren Xan Yas Zed".split()
    Fm=["Stone","Marsh","Field","Brook","Hill","Dale","Wood","Ford","Lake","Moor","Heath","Glen","Firth","Croft"]
    urns=[row.urn for row in p.rows]
    rows=[{"Given name":rnd.choice(G)+rnd.choice("abcdefghijk"),"Family name":rnd.choice(Fm)+rnd.choice(Fm).lower(),"Date of birth":(date(2009,1,1)+timedelta(rnd.randrange(5000))).isoformat(),"Identifier":f"C{n}","Legal status":"C2","Care start":"2025-01-01","Placement":"Foster","School URN":str(rnd.choice(urns)),"Social worker e-mail":"sam.okafor@fictional.example","Team":"Team North"} for n in range(1500)]
    t=time.time(); r=children.plan(children.read(as_csv(*rows)), world.county, TODAY); print("plan children", time.time()-t, {o.value:r.count(o) for o in Outcome})
    t=time.time(); children.apply(r, by=world.ada); print("apply children", time.time()-t)
    t=time.time(); r=children.plan(children.read(as_csv(*rows)), world.county, TODAY); print("again plan", time.time()-t, {o.value:r.count(o) for o in Outcome})
from virtualschool.register.rows import Outcome
