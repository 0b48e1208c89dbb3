import time, datetime
from django.db import connection
from tests.moving import world_with_dates
from tests.world import begin, DAY
from pep.reminders import due_reminders
from pep.deadlines import drift, needing_plans

N = 40000
def med(f, n=5):
    ts=[]
    for _ in range(n):
        t=time.perf_counter(); r=f(); ts.append(time.perf_counter()-t)
    return sorted(ts)[n//2]*1000, r

def test_scale(committed_db):
    world = world_with_dates()
    plan = begin(world, "sam")
    c = connection.cursor()
    sam = world.children["sam"].pk
    def copy(table, where, sets, n=N):
        c.execute("select column_name from information_schema.columns where table_name=%s order by ordinal_position", [table])
        cols=[r[0] for r in c.fetchall()]
        sel=", ".join(sets.get(x, 't.'+x) for x in cols)
        c.execute(f"insert into {table} ({', '.join(cols)}) select {sel} from {table} t, generate_series(1,{n}) g where {where}")
    u = lambda p: f"md5('{p}'||g)::uuid"
    cu=u('child'); pu=u('plan')
    copy("children_child", f"t.id='{sam}'", {"id":cu,"reference":"'B'||g","identifier":"'I'||g"})
    copy("children_careperiod", f"t.child_id='{sam}'", {"id":u('care'),"child_id":cu})
    copy("children_enrolment", f"t.child_id='{sam}'", {"id":u('enr'),"child_id":cu})
    copy("children_allocation", f"t.child_id='{sam}' and role='social_worker'", {"id":u('all'),"child_id":cu})
    copy("pep_deadline", f"t.child_id='{sam}'", {"id":u('dl'),"child_id":cu})
    # one in ten unfinished and inside the window, others due later
    copy("pep_plan", f"t.id='{plan.pk}'", {"id":pu,"child_id":cu,"due_on":"t.due_on + (case when g%%10=0 then 0 else 200 end)".replace('%%','%')})
    copy("pep_section", f"t.plan_id='{plan.pk}'", {"id":"md5('sec'||g||t.key)::uuid","plan_id":pu})
    c.execute("analyze")
    on = plan.due_on - 7*DAY
    ms, found = med(lambda: due_reminders(on))
    sql = """
    with due as (select p.id, p.child_id, a.virtual_school_id, a.id authority, p.due_on, p.state from pep_plan p join children_child ch on ch.id=p.child_id
      join schools_localauthority a on a.id=ch.authority_id
      where p.state in ('preparing','returned','awaiting_sign_off') and p.due_on <= %s + 14 and ch.merged_into_id is null
      and exists(select 1 from children_careperiod c where c.child_id=p.child_id and c.starts<=%s and (c.ends is null or c.ends>%s))),
    missing as (select s.plan_id, s.owner, count(*) n from pep_section s join due on due.id=s.plan_id where not marked_complete and key<>'sign_off' group by 1,2)
    select due.id, due.child_id, due.due_on, r.user_id, m.n from missing m join due on due.id=m.plan_id join children_enrolment e on e.child_id=due.child_id and e.kind='main' and e.starts<=%s and (e.ends is null or e.ends>%s)
      join schools_schoolrelation r on r.content_object_id=e.school_id and r.authority_id=due.authority and r.starts<=%s and (r.ends is null or r.ends>%s) join accounts_user u on u.id=r.user_id and u.is_active
      where m.owner='school' and not exists(select 1 from accounts_message x where x.key='reminder:'||due.id||':-7:'||due.due_on||':'||r.user_id)
    union all
    select due.id, due.child_id, due.due_on, al.worker_id, m.n from missing m join due on due.id=m.plan_id join children_allocation al on al.child_id=due.child_id and al.role='social_worker' and al.starts<=%s and (al.ends is null or al.ends>%s)
      where m.owner='social_worker' and not exists(select 1 from accounts_message x where x.key='reminder:'||due.id||':-7:'||due.due_on||':'||al.worker_id)
    """
    def bare():
        c.execute(sql, [on]*9); return c.fetchall()
    bms, rows = med(bare)
    print(f"\nreminders {len(found)} in {ms:.0f} ms; bare {len(rows)} in {bms:.0f} ms; ratio {ms/bms:.2f}")
    ms, n = med(lambda: len(drift(world.today)), 1)
    print(f"drift of {N} children: {ms:.0f} ms, {n} differ")
    ms, n = med(lambda: len(needing_plans(world.today)))
    def bare2():
        c.execute("select d.* from pep_deadline d join children_child ch on ch.id=d.child_id where d.open and d.kind='review' and d.plan_id is null and d.due_on<=%s and ch.merged_into_id is null and exists(select 1 from children_careperiod c where c.child_id=d.child_id and c.starts<=%s and (c.ends is null or c.ends>%s)) and not exists(select 1 from pep_plan p where p.child_id=d.child_id and p.state='preparing')",[world.today+42*DAY,world.today,world.today]); return len(c.fetchall())
    bms, m = med(bare2)
    print(f"needing plans {n} in {ms:.0f} ms; bare {m} in {bms:.0f}")
    c.execute("update pep_plan set state='cancelled' where due_on > %s", [world.today+100*DAY])
    c.execute("analyze")
    ms, n = med(lambda: len(needing_plans(world.today).values_list("child_id"))); bms, m = med(bare2)
    print(f"needing plans {n} in {ms:.0f} ms; bare {m} in {bms:.0f}")
