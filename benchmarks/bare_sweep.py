"""The bare SQL that finds what the night's work finds. It knows nothing of the product; sweep.py checks that both find the same rows."""

# A time in care (k) for which a child (c) under a policy (p, or none) needs a plan: one that holds until eighteen, and past it (or one that
# ended at eighteen) where the policy goes on to the end of Year 13; no short breaks, and nobody too young for a plan.
NEEDED = """(k.legal_status NOT IN ('V3', 'V4') AND k.starts <= %(on)s
   AND (c.date_of_birth + make_interval(years => coalesce(p.plans_from_age, 3)))::date <= %(on)s
   AND (k.ends IS NULL OR k.ends > %(on)s OR p.to_year_13 AND k.ends >= (c.date_of_birth + interval '18 years')::date)
   AND ((c.date_of_birth + interval '18 years')::date > %(on)s
        OR p.to_year_13 AND c.date_of_birth >= make_date(extract(year FROM %(on)s::date - interval '8 months')::int - 18, 9, 1)))"""
POLICY = "LEFT JOIN schools_policy p ON p.authority_id = c.authority_id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s)"

# What each plan of a table still lacks, by whose part it is: for whom it waits. And the accounts that work.
MISSING_OF = """
missing AS (
  SELECT {plans}.id, s.owner FROM {plans} JOIN pep_section s ON s.plan_id = {plans}.id
   WHERE NOT s.marked_complete
     AND ({plans}.state = 'preparing' AND s.key <> 'sign_off' OR {plans}.state = 'returned' AND {plans}.reopened ? s.key)
   GROUP BY {plans}.id, s.owner
   UNION ALL
  SELECT id, 'social_worker' FROM {plans} WHERE state = 'awaiting_sign_off'
   UNION ALL
  SELECT id, 'virtual_school' FROM {plans} WHERE state IN ('awaiting_check', 'not_begun')
), {waits} AS (
  SELECT id, owner FROM missing
   UNION ALL
  SELECT {plans}.id,
         CASE WHEN {plans}.state = 'returned'
               AND (SELECT bool_and(s.owner = 'social_worker') FROM pep_section s WHERE s.plan_id = {plans}.id AND {plans}.reopened ? s.key)
              THEN 'social_worker' ELSE 'school' END
    FROM {plans} WHERE NOT EXISTS (SELECT FROM missing WHERE missing.id = {plans}.id)
)"""
MISSING = MISSING_OF.format(plans="due", waits="waits")
ACCOUNT = """
account AS (
  SELECT id FROM accounts_user
   WHERE is_active AND (expires_on IS NULL OR expires_on > %(on)s) AND password NOT LIKE '!%%' AND password <> ''
)"""

# Who holds a part of what is "due", and whoever does for a school or a social worker whom it does not have: "held" is both.
HOLDER = """
holder AS (
  SELECT due.id, 'school' AS owner, r.user_id
    FROM due JOIN children_enrolment e ON e.child_id = due.child_id AND e.kind = 'main'
    JOIN schools_schoolrelation r ON r.content_object_id = e.school_id AND r.authority_id = due.authority_id
    JOIN account ON account.id = r.user_id
   WHERE e.starts <= %(on)s AND (e.ends IS NULL OR e.ends > %(on)s) AND r.starts <= %(on)s AND (r.ends IS NULL OR r.ends > %(on)s)
   UNION
  SELECT due.id, 'social_worker', coalesce(account.id, m.user_id)
    FROM due JOIN children_allocation l ON l.child_id = due.child_id AND l.role = 'social_worker'
    LEFT JOIN account ON account.id = l.worker_id
    LEFT JOIN (schools_teamrelation m JOIN auth_permission q ON q.id = m.permission_id AND q.codename = 'team_manager'
               JOIN account n ON n.id = m.user_id)
           ON account.id IS NULL AND m.content_object_id = l.team_id AND m.starts <= %(on)s AND (m.ends IS NULL OR m.ends > %(on)s)
   WHERE l.starts <= %(on)s AND (l.ends IS NULL OR l.ends > %(on)s) AND coalesce(account.id, m.user_id) IS NOT NULL
), officer AS (
  SELECT r.content_object_id AS virtual_school_id, r.user_id
    FROM schools_virtualschoolrelation r JOIN auth_permission q ON q.id = r.permission_id AND q.codename = 'officer'
    JOIN account ON account.id = r.user_id WHERE r.starts <= %(on)s AND (r.ends IS NULL OR r.ends > %(on)s)
), held AS (
  SELECT waits.id, waits.owner, coalesce(holder.user_id, officer.user_id) AS user_id
    FROM waits JOIN due ON due.id = waits.id
    LEFT JOIN holder ON holder.id = waits.id AND holder.owner = waits.owner
    LEFT JOIN officer ON holder.user_id IS NULL AND officer.virtual_school_id = due.virtual_school_id
)"""
# Who stands above whoever has to act: of the child's team, and the virtual school's.
ABOVE = """
above AS (
  SELECT m.content_object_id AS team_id, CASE q.codename WHEN 'team_manager' THEN 'manager' ELSE 'head' END AS rung, m.user_id
    FROM schools_teamrelation m JOIN auth_permission q ON q.id = m.permission_id AND q.codename IN ('team_manager', 'service_manager')
    JOIN account ON account.id = m.user_id WHERE m.starts <= %(on)s AND (m.ends IS NULL OR m.ends > %(on)s)
), staff AS (
  SELECT r.content_object_id AS virtual_school_id, q.codename, r.user_id
    FROM schools_virtualschoolrelation r JOIN auth_permission q ON q.id = r.permission_id AND q.codename IN ('officer', 'head')
    JOIN account ON account.id = r.user_id WHERE r.starts <= %(on)s AND (r.ends IS NULL OR r.ends > %(on)s)
), nearest AS (
  SELECT s.virtual_school_id, g.rung, s.user_id
    FROM staff s JOIN (VALUES ('manager', 'officer'), ('head', 'head')) AS g (rung, wanted)
      ON s.codename = g.wanted
      OR NOT EXISTS (SELECT FROM staff o WHERE o.virtual_school_id = s.virtual_school_id AND o.codename = g.wanted)
), team AS (
  SELECT due.id, l.team_id FROM due JOIN children_allocation l ON l.child_id = due.child_id AND l.role = 'social_worker'
   WHERE l.team_id IS NOT NULL AND l.starts <= %(on)s AND (l.ends IS NULL OR l.ends > %(on)s)
)"""
# Who of them is told on the rung that is reached: nobody who holds the part, where those were told of it ("chased"). Where nobody is left
# the next rung's people are; where nobody is left there either, the first ones after all.
RISEN = """
on_rung AS (
  SELECT waits.id, waits.owner, g.rung, g.rung = due.rung AS reached, coalesce(above.user_id, nearest.user_id) AS user_id,
         due.chased AND EXISTS (SELECT FROM held WHERE held.id = waits.id AND held.owner = waits.owner
                                   AND held.user_id = coalesce(above.user_id, nearest.user_id)) AS holds
    FROM waits JOIN due ON due.id = waits.id
    JOIN (VALUES ('manager'), ('head')) AS g (rung) ON g.rung = due.rung OR due.rung = 'manager'
    LEFT JOIN (team JOIN above ON above.team_id = team.team_id)
           ON team.id = due.id AND above.rung = g.rung AND waits.owner = 'social_worker'
    LEFT JOIN nearest ON above.user_id IS NULL AND nearest.virtual_school_id = due.virtual_school_id AND nearest.rung = g.rung
   WHERE coalesce(above.user_id, nearest.user_id) IS NOT NULL
), counted AS (
  SELECT *, count(*) FILTER (WHERE reached AND NOT holds) OVER part AS here, count(*) FILTER (WHERE NOT holds) OVER part AS anywhere
    FROM on_rung WINDOW part AS (PARTITION BY id, owner)
), risen AS (
  SELECT id, rung, user_id FROM counted
   WHERE CASE WHEN here > 0 THEN reached AND NOT holds WHEN anywhere > 0 THEN NOT holds ELSE reached END
)"""

# A reminder: one plan, the latest of the policy's days that has passed, and each person who holds what is missing.
REMINDERS = f"""
WITH needing AS (
  SELECT c.id FROM children_child c JOIN children_careperiod k ON k.child_id = c.id {POLICY} WHERE {NEEDED}
), days AS (
  SELECT a.id AS authority_id, a.virtual_school_id, d.day::int
    FROM schools_localauthority a
    LEFT JOIN schools_policy p ON p.authority_id = a.id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s),
         LATERAL jsonb_array_elements_text(coalesce(p.reminder_days, '[-14, -7, -2, 1]')) AS d (day)
), due AS MATERIALIZED (
  SELECT p.id, p.child_id, p.state, p.reopened, p.due_on, c.authority_id, days.virtual_school_id, max(days.day) AS day
    FROM pep_plan p JOIN children_child c ON c.id = p.child_id JOIN days ON days.authority_id = c.authority_id
   WHERE p.state IN ('preparing', 'returned', 'awaiting_sign_off') AND p.due_on <= %(on)s::date - days.day AND c.merged_into_id IS NULL
     AND EXISTS (SELECT FROM needing WHERE needing.id = c.id)
   GROUP BY p.id, c.authority_id, days.virtual_school_id
), {MISSING}, {ACCOUNT}, {HOLDER}, told AS (
  SELECT due.id, due.day, due.due_on, held.user_id FROM held JOIN due ON due.id = held.id
)
SELECT DISTINCT key FROM (SELECT concat_ws(':', 'reminder', id, day, due_on, user_id) AS key FROM told WHERE user_id IS NOT NULL) AS r
 WHERE NOT EXISTS (SELECT FROM accounts_message a WHERE a.key = r.key)
"""

# What rises: a late plan, or the date that has passed of a child who has none, on the last rung it has reached; the people above whoever
# has to act, or the virtual school's.
ESCALATIONS = f"""
WITH late AS (
  SELECT q.id, q.id AS plan_id, q.child_id, q.state, q.reopened, q.due_on
    FROM pep_plan q JOIN children_child c ON c.id = q.child_id {POLICY}
   WHERE q.state IN ('preparing', 'returned', 'awaiting_sign_off', 'awaiting_check') AND q.due_on < %(on)s
     AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND {NEEDED})
   UNION ALL
  SELECT d.child_id, NULL, d.child_id, 'not_begun', '[]', d.due_on
    FROM (SELECT DISTINCT ON (child_id) child_id, due_on FROM pep_deadline
           WHERE open AND kind IN ('review', 'term', 'premium') AND plan_id IS NULL ORDER BY child_id, due_on, id) d
    JOIN children_child c ON c.id = d.child_id {POLICY}
   WHERE d.due_on < %(on)s AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND {NEEDED})
     AND NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.state NOT IN ('complete', 'cancelled', 'closed'))
), due AS MATERIALIZED (
  SELECT late.*, c.authority_id, a.virtual_school_id, late.state NOT IN ('awaiting_check', 'not_begun') AS chased,
         CASE WHEN today.number - b.number >= coalesce(p.head_working_days, 15) THEN 'head' ELSE 'manager' END AS rung
    FROM late JOIN children_child c ON c.id = late.child_id AND c.merged_into_id IS NULL
    JOIN schools_localauthority a ON a.id = c.authority_id {POLICY}
    JOIN benchmark_day b ON b.day = late.due_on JOIN benchmark_day today ON today.day = %(on)s
   WHERE today.number - b.number >= coalesce(p.manager_working_days, 5)
), {MISSING}, {ACCOUNT}, {HOLDER}, {ABOVE}, {RISEN}, told AS (
  SELECT due.id, risen.rung, due.due_on, risen.user_id FROM risen JOIN due ON due.id = risen.id
)
SELECT DISTINCT key FROM (SELECT concat_ws(':', 'escalation', id, rung, due_on, user_id) AS key FROM told WHERE user_id IS NOT NULL) AS r
 WHERE NOT EXISTS (SELECT FROM accounts_message a WHERE a.key = r.key)
"""

# The date of a step that has passed while the plan is not late: whoever it waits for (the submission after the meeting: whoever the plan
# waits for), and on the last rung it has reached whoever is above.
PASSED = f"""
WITH due AS MATERIALIZED (
  SELECT d.id, coalesce(d.plan_id, d.child_id) AS of, d.child_id, d.plan_id, d.kind, d.due_on, d.owners, c.authority_id,
         a.virtual_school_id, true AS chased,
         CASE WHEN d.kind = 'care_review' THEN NULL
              WHEN today.number - b.number >= coalesce(p.head_working_days, 15) THEN 'head'
              WHEN today.number - b.number >= coalesce(p.manager_working_days, 5) THEN 'manager' END AS rung
    FROM pep_deadline d JOIN children_child c ON c.id = d.child_id AND c.merged_into_id IS NULL
    JOIN schools_localauthority a ON a.id = c.authority_id {POLICY}
    JOIN benchmark_day b ON b.day = d.due_on JOIN benchmark_day today ON today.day = %(on)s
    LEFT JOIN pep_plan own ON own.id = d.plan_id
   WHERE d.open AND d.due_on < %(on)s AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND {NEEDED})
     AND (d.kind = 'care_review'
          OR d.kind IN ('begin', 'invite', 'complete', 'signature', 'check', 'officer', 'sdq', 'ehcp')
             AND (own.due_on IS NULL OR own.due_on >= %(on)s)
             AND (d.kind <> 'begin'
                  OR NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.state NOT IN ('complete', 'cancelled', 'closed')))
             AND (d.plan_id IS NOT NULL
                  OR CASE WHEN EXISTS (SELECT FROM pep_plan q
                                        WHERE q.child_id = c.id AND q.state NOT IN ('complete', 'cancelled', 'closed'))
                     THEN NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.due_on < %(on)s
                                         AND q.state NOT IN ('complete', 'cancelled', 'closed'))
                     ELSE NOT EXISTS (SELECT FROM pep_deadline o WHERE o.child_id = c.id AND o.open AND o.plan_id IS NULL
                                         AND o.kind IN ('review', 'term', 'premium') AND o.due_on < %(on)s) END))
), written AS (
  SELECT q.id, q.state, q.reopened FROM due JOIN pep_plan q ON q.id = due.plan_id WHERE due.kind = 'complete'
), {MISSING_OF.format(plans="written", waits="plan_waits")}, waits AS (
  SELECT due.id, owner FROM due, jsonb_array_elements_text(due.owners) AS owner WHERE due.kind <> 'complete'
   UNION ALL
  SELECT due.id, plan_waits.owner FROM due JOIN plan_waits ON plan_waits.id = due.plan_id WHERE due.kind = 'complete'
), {ACCOUNT}, {HOLDER}, {ABOVE}, {RISEN}, told AS (
  SELECT due.of, due.kind, 'holder' AS rung, due.due_on, held.user_id FROM held JOIN due ON due.id = held.id
   UNION ALL
  SELECT due.of, due.kind, risen.rung, due.due_on, risen.user_id FROM risen JOIN due ON due.id = risen.id
)
SELECT DISTINCT key FROM (SELECT concat_ws(':', 'passed', of, kind, rung, due_on, user_id) AS key FROM told WHERE user_id IS NOT NULL) AS r
 WHERE NOT EXISTS (SELECT FROM accounts_message a WHERE a.key = r.key)
"""

# Children who need a plan and have none in preparation, where a first one is to be begun, there was a move, or the first of the dates for
# one is near, or the reviewing officer's is and no plan is under way.
PLANS_TO_OPEN = f"""
WITH asked AS (
  SELECT o.child_id, min(o.due_on) FILTER (WHERE o.kind = 'officer') AS officer,
         bool_or(o.kind = 'begin' OR o.reason = 'after_move') AS at_once
    FROM pep_deadline o WHERE o.open AND o.plan_id IS NULL GROUP BY o.child_id
)
SELECT d.child_id
  FROM (SELECT DISTINCT ON (child_id) * FROM pep_deadline
         WHERE open AND kind IN ('review', 'term', 'premium') AND plan_id IS NULL ORDER BY child_id, due_on, id) d
  JOIN asked ON asked.child_id = d.child_id JOIN children_child c ON c.id = d.child_id {POLICY}
 WHERE c.merged_into_id IS NULL
   AND (asked.at_once OR d.due_on <= %(on)s::date + coalesce(p.preparation_days, 42)
        OR asked.officer <= %(on)s::date + coalesce(p.preparation_days, 42)
           AND NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.state NOT IN ('complete', 'cancelled', 'closed')))
   AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND {NEEDED})
   AND NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.state = 'preparing')
   AND NOT EXISTS (SELECT FROM pep_move m WHERE m.child_id = c.id AND m.state = 'confirmed' AND m.starts_on > %(on)s
                      AND m.starts_on <= d.due_on)
 ORDER BY d.due_on, d.child_id
"""

MOVES_TO_BEGIN = "SELECT id FROM pep_move WHERE state = 'confirmed' AND begun_at IS NULL AND starts_on <= %(on)s ORDER BY starts_on, id"

# Working days, numbered: the nth working day after a day is the one whose number is n higher.
CALENDAR = "CREATE TEMP TABLE IF NOT EXISTS benchmark_day (day date PRIMARY KEY, number int NOT NULL, working bool NOT NULL)"
WORKING_DAYS_ON = "(SELECT t.day FROM benchmark_day f JOIN benchmark_day t ON t.working AND t.number = f.number + {} WHERE f.day = {})"

SCHOOL_YEAR = "extract(year FROM {}::date - interval '8 months')::int"  # in which it began, on 1 September
LONDON = "({} AT TIME ZONE 'Europe/London')::date"

# Every open date that is not what the facts say: the child's own from care, reviews, moves, terms and answers, each plan's from its state.
DRIFTED = f"""
WITH facts AS MATERIALIZED (
  SELECT DISTINCT ON (c.id) c.id AS child_id, c.authority_id, c.date_of_birth, c.year_group_override,
         c.year_group_override_for, k.starts AS came, p.*
    FROM children_child c JOIN children_careperiod k ON k.child_id = c.id
    LEFT JOIN LATERAL (
      SELECT coalesce(max(p.first_plan_working_days), 20) AS first_plan, least(coalesce(max(p.review_months), 6), 6) AS months,
             coalesce(max(p.move_plan_working_days), 10) AS after_move, coalesce(max(p.begin_working_days), 10) AS begun_in,
             coalesce(bool_and(p.each_term), true) AS each_term, coalesce(bool_and(p.premium_deadline), true) AS premium,
             coalesce(max(p.officer_days), 3) AS officer, coalesce(bool_or(p.to_year_13), false) AS to_year_13,
             max(p.plans_from_age) AS plans_from_age,
             coalesce((array_agg(p.post16_windows))[1],
                      '[{{"opens": "10-25", "closes": "02-15"}}, {{"opens": "02-20", "closes": "06-30"}}]') AS post16
        FROM schools_policy p WHERE p.authority_id = c.authority_id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s)
    ) AS p ON true
   WHERE {NEEDED} AND c.merged_into_id IS NULL ORDER BY c.id, k.starts DESC
), review AS (
  SELECT p.child_id, {LONDON.format("m.starts_at")} AS day
    FROM pep_meeting m JOIN pep_plan p ON p.id = m.plan_id
   WHERE m.state = 'held' AND {LONDON.format("m.starts_at")} <= %(on)s
     AND (p.state NOT IN ('cancelled', 'closed')
          AND NOT EXISTS (SELECT FROM pep_plan n WHERE n.corrects_id = p.id AND n.state = 'complete')
          OR p.state = 'closed' AND EXISTS (SELECT FROM pep_planevent e WHERE e.plan_id = p.id AND e.action = 'change_school'))
   UNION ALL
  SELECT p.child_id, min({LONDON.format("e.at")})
    FROM pep_planevent e JOIN pep_plan p ON p.id = e.plan_id JOIN pep_meeting m ON m.plan_id = p.id
   WHERE e.action = 'submit' AND m.exception_because <> '' AND m.state <> 'held' AND p.state NOT IN ('preparing', 'cancelled', 'closed')
     AND p.corrects_id IS NULL AND {LONDON.format("e.at")} <= %(on)s
   GROUP BY p.child_id, p.id
   UNION ALL
  SELECT child_id, plan_date FROM pep_earlierplan WHERE plan_date <= %(on)s AND review = 'yes' AND withdrawn_at IS NULL
), last_review AS (
  SELECT child_id, max(day) AS day FROM review GROUP BY child_id
), moved AS (
  SELECT child_id, max(starts_on) FILTER (WHERE starts_on <= %(on)s) AS last, min(starts_on) FILTER (WHERE starts_on > %(on)s) AS next
    FROM pep_move WHERE state = 'confirmed' AND to_school_id IS NOT NULL GROUP BY child_id
), begun AS (
  SELECT child_id, max({LONDON.format("created_at")}) AS day FROM pep_plan
   WHERE state <> 'cancelled' AND corrects_id IS NULL GROUP BY child_id
), finished AS (
  SELECT q.child_id, max({LONDON.format("q.completed_at")}) AS day FROM pep_plan q JOIN facts USING (child_id)
   WHERE q.state = 'complete' AND q.corrects_id IS NULL AND {LONDON.format("q.created_at")} >= facts.came GROUP BY q.child_id
), place AS (
  SELECT e.child_id, e.school_id FROM children_enrolment e
   WHERE e.kind = 'main' AND e.starts <= %(on)s AND (e.ends IS NULL OR e.ends > %(on)s)
     AND EXISTS (SELECT FROM schools_term t WHERE t.school_id = e.school_id)
), said AS (  -- by the newest plan or version that has come to the question
  SELECT DISTINCT ON (p.child_id, s.key) p.child_id, s.answers ->> 'sdq_date' AS sdq,
         CASE WHEN coalesce(s.answers ->> 'sen_status', 'E') = 'E' THEN s.answers ->> 'ehcp_review' END AS ehcp
    FROM pep_section s JOIN pep_plan p ON p.id = s.plan_id
   WHERE (s.key = 'wellbeing' AND s.answers ->> 'sdq_date' IS NOT NULL
          OR s.key = 'special_needs' AND (s.answers ->> 'ehcp_review' IS NOT NULL OR s.answers ->> 'sen_status' <> 'E'))
     AND p.state NOT IN ('cancelled', 'closed')
     AND NOT EXISTS (SELECT FROM pep_plan n WHERE n.corrects_id = p.id AND n.state NOT IN ('cancelled', 'closed'))
   ORDER BY p.child_id, s.key, p.created_at DESC, p.id DESC
), answered AS (
  SELECT child_id, max(sdq::date) AS sdq, max(ehcp::date) AS ehcp FROM said GROUP BY child_id
), known AS MATERIALIZED (
  SELECT f.*, CASE WHEN r.day >= f.came THEN r.day END AS reviewed,
         CASE WHEN m.last >= f.came AND (r.day IS NULL OR r.day < m.last) THEN m.last WHEN m.next >= f.came THEN m.next END AS moved,
         b.day AS begun,
         {SCHOOL_YEAR.format("f.date_of_birth")} + 5 AS begins_school,
         {SCHOOL_YEAR.format("%(on)s")}
           - coalesce(f.year_group_override_for - f.year_group_override, {SCHOOL_YEAR.format("f.date_of_birth")} + 5) AS year_group,
         held.many, held.last, first.day AS first_booked, booked.day AS booked, d.day AS finished, a.sdq, a.ehcp, place.school_id,
         greatest((f.date_of_birth + interval '18 years')::date,
                  CASE WHEN f.to_year_13 THEN make_date({SCHOOL_YEAR.format("f.date_of_birth")} + 19, 9, 1) END) AS stops
    FROM facts f
    LEFT JOIN last_review r USING (child_id) LEFT JOIN moved m USING (child_id) LEFT JOIN begun b USING (child_id)
    LEFT JOIN finished d USING (child_id) LEFT JOIN answered a USING (child_id) LEFT JOIN place USING (child_id)
    LEFT JOIN LATERAL (SELECT count(*) AS many, max(v."on") AS last FROM children_carereview v
                        WHERE v.child_id = f.child_id AND v.state = 'held' AND v."on" >= f.came) AS held ON true
    LEFT JOIN LATERAL (SELECT min(v."on") AS day FROM children_carereview v WHERE v.child_id = f.child_id AND v.state <> 'cancelled'
                          AND v."on" >= f.came) AS first ON true
    LEFT JOIN LATERAL (SELECT min(v."on") AS day FROM children_carereview v WHERE v.child_id = f.child_id AND v.state = 'booked'
                          AND v."on" >= greatest(f.came, %(on)s::date) AND (held.last IS NULL OR v."on" > held.last)) AS booked ON true
), post16 AS MATERIALIZED (  -- or it is made again for each child
  SELECT DISTINCT k.authority_id, w.starts, CASE WHEN w.due >= w.starts THEN w.due ELSE (w.due + interval '1 year')::date END AS due_on
    FROM (SELECT DISTINCT authority_id, post16 FROM facts) k, generate_series(-1, 1) AS y, jsonb_array_elements(k.post16) AS one,
         LATERAL (SELECT (extract(year FROM %(on)s::date)::int + y || '-' || (one ->> 'opens'))::date AS starts,
                         (extract(year FROM %(on)s::date)::int + y || '-' || (one ->> 'closes'))::date AS due) AS w
), windows AS (
  SELECT k.child_id, CASE WHEN k.year_group BETWEEN 12 AND 14 THEN p.due_on WHEN k.each_term THEN t.due_on END AS due_on
    FROM known k
    LEFT JOIN LATERAL (
      SELECT plans_due_on AS due_on FROM schools_term t
       WHERE t.authority_id = k.authority_id AND t.ends > %(on)s AND k.came < t.starts
         AND t.school_id IS NOT DISTINCT FROM (SELECT own.school_id FROM schools_term own WHERE own.authority_id = k.authority_id
                                                  AND own.school_id = k.school_id AND own.academic_year = t.academic_year LIMIT 1)
         AND (k.reviewed IS NULL OR k.reviewed < t.starts)
       ORDER BY t.starts LIMIT 1
    ) AS t ON k.year_group NOT BETWEEN 12 AND 14
    LEFT JOIN LATERAL (
      SELECT due_on FROM post16 w
       WHERE w.authority_id = k.authority_id AND w.due_on >= %(on)s AND k.came < w.starts AND (k.reviewed IS NULL OR k.reviewed < w.starts)
       ORDER BY w.starts LIMIT 1
    ) AS p ON k.year_group BETWEEN 12 AND 14
), financial AS (
  SELECT k.child_id, y.ends,
         extract(year FROM y.ends)::int - 1 - coalesce(k.year_group_override_for - k.year_group_override, k.begins_school) AS year_group
    FROM known k, LATERAL (
      SELECT make_date(extract(year FROM %(on)s::date)::int + more, 3, 31) AS ends FROM generate_series(0, 1) AS more
       WHERE make_date(extract(year FROM %(on)s::date)::int + more, 3, 31) >= %(on)s
         AND (k.reviewed IS NULL OR k.reviewed < make_date(extract(year FROM %(on)s::date)::int + more, 1, 1))
       ORDER BY 1 LIMIT 1
    ) AS y WHERE k.premium
), childs AS (
  SELECT child_id, 'begin' AS kind, {WORKING_DAYS_ON.format("known.begun_in", "came")} AS due_on
    FROM known WHERE reviewed IS NULL AND (begun IS NULL OR begun < came)
   UNION ALL
  SELECT child_id, 'review', least(
           CASE WHEN reviewed IS NULL THEN {WORKING_DAYS_ON.format("known.first_plan", "came")}
                ELSE (reviewed + make_interval(months => months))::date END,
           CASE WHEN reviewed IS NULL AND first_booked IS NOT NULL THEN greatest(came, first_booked - officer) END,
           CASE WHEN reviewed IS NULL OR reviewed < moved THEN {WORKING_DAYS_ON.format("known.after_move", "moved")} END)
    FROM known
   UNION ALL
  SELECT child_id, 'term', due_on FROM windows WHERE due_on IS NOT NULL
   UNION ALL
  SELECT child_id, 'premium', ends FROM financial JOIN known USING (child_id)
   WHERE financial.year_group BETWEEN 0 AND 11
     AND (reviewed IS NOT NULL OR {WORKING_DAYS_ON.format("known.first_plan", "came")} <= ends)
   UNION ALL
  SELECT child_id, 'care_review', CASE many WHEN 0 THEN {WORKING_DAYS_ON.format("20", "came")}
           WHEN 1 THEN (last + interval '3 months')::date ELSE (last + interval '6 months')::date END
    FROM known
   WHERE child_id IN (SELECT child_id FROM children_carereview)
      OR many = 0 AND {WORKING_DAYS_ON.format("20", "came")} >= %(on)s
         AND authority_id IN (SELECT c.authority_id FROM children_carereview v JOIN children_child c ON c.id = v.child_id)
   UNION ALL
  SELECT child_id, 'officer', greatest(came, booked - officer) FROM known
   WHERE booked IS NOT NULL AND (finished IS NULL OR finished < coalesce(last, came))
   UNION ALL
  SELECT child_id, 'sdq', (sdq + interval '12 months')::date FROM known
   WHERE sdq + interval '12 months' >= date_of_birth + interval '4 years'
     AND sdq + interval '12 months' < date_of_birth + interval '17 years'
   UNION ALL
  SELECT child_id, 'ehcp', ehcp FROM known WHERE ehcp IS NOT NULL
), waiting AS (
  SELECT q.child_id, q.id, q.state, q.due_on, {LONDON.format("q.state_since")} AS since, m.state AS meeting,
         {LONDON.format("m.starts_at")} AS met_on, m.exception_because <> '' AS excepted,
         coalesce(p.signature_working_days, 10) AS signature, coalesce(p.check_working_days, 10) AS checked,
         coalesce(p.complete_working_days, 10) AS complete, coalesce(p.invite_days, 21) AS invite
    FROM pep_plan q JOIN children_child c ON c.id = q.child_id AND c.merged_into_id IS NULL
    LEFT JOIN pep_meeting m ON m.plan_id = q.id {POLICY}
   WHERE q.state NOT IN ('complete', 'cancelled', 'closed') AND q.child_id IN (SELECT child_id FROM facts)
), to_invite AS (  -- for a plan due in the holidays by the last school day, if there was one since the child came, moved or was reviewed
  SELECT w.child_id, w.id, w.invite, CASE WHEN d.day < greatest(k.came, CASE WHEN k.moved <= w.due_on THEN k.moved END,
                                                                CASE WHEN k.reviewed <= w.due_on THEN k.reviewed END)
                                          THEN w.due_on ELSE coalesce(d.day, w.due_on) END AS meet_by
    FROM waiting w JOIN known k USING (child_id)
    LEFT JOIN LATERAL (
      SELECT bool_or(t.starts <= w.due_on AND w.due_on < t.ends) AS school, bool_or(t.starts > w.due_on) AS more,
             max(t.ends) FILTER (WHERE t.ends <= w.due_on) AS ended
        FROM schools_term t
       WHERE t.authority_id = k.authority_id
         AND t.school_id IS NOT DISTINCT FROM (SELECT own.school_id FROM schools_term own WHERE own.authority_id = k.authority_id
                                                  AND own.school_id = k.school_id AND own.academic_year = t.academic_year LIMIT 1)
    ) AS h ON true
    LEFT JOIN LATERAL (SELECT max(b.day) AS day FROM benchmark_day b WHERE b.working AND b.day < h.ended) AS d ON h.more AND NOT h.school
   WHERE w.state = 'preparing' AND w.meeting IN ('not_booked', 'not_held') AND NOT w.excepted
), wanted AS (
  SELECT childs.child_id, childs.child_id AS of, kind, due_on FROM childs JOIN known USING (child_id) WHERE due_on < stops
   UNION ALL
  SELECT child_id, id, 'signature', {WORKING_DAYS_ON.format("waiting.signature", "since")} FROM waiting WHERE state = 'awaiting_sign_off'
   UNION ALL
  SELECT child_id, id, 'check', {WORKING_DAYS_ON.format("waiting.checked", "since")} FROM waiting WHERE state = 'awaiting_check'
   UNION ALL
  SELECT child_id, id, 'complete', {WORKING_DAYS_ON.format("waiting.complete", "met_on")}
    FROM waiting WHERE state = 'preparing' AND meeting = 'held'
   UNION ALL
  SELECT child_id, id, 'invite', meet_by - invite FROM to_invite
), stored AS (
  SELECT child_id, coalesce(plan_id, child_id) AS of, kind, due_on FROM pep_deadline WHERE open
)
SELECT of, kind FROM wanted FULL JOIN stored USING (child_id, of, kind) WHERE wanted.due_on IS DISTINCT FROM stored.due_on
"""
