import time, cProfile, pstats, pytest
from django.utils import timezone
from django.db import connection
from virtualschool.demo import register, plans
@pytest.mark.django_db
def test_time(capsys):
    t=time.process_time(); w=time.time()
    n=[0]
    def count(ex, *a): n[0]+=1; return ex(*a)
    with connection.execute_wrapper(count):
        d=register.build_register(timezone.localdate()); t1=time.process_time()
        c=plans.build_plans(d)
    with capsys.disabled(): print("\nCPU", t1-t, time.process_time()-t1, "wall", time.time()-w, "queries", n[0], "plans", c)
