"""The bare SQL that finds what the night's work finds. It knows nothing of the product; sweep.py checks that both find the same rows."""

# A reminder: one plan, the latest of the policy's days that has passed, and each person who holds what is missing.
REMINDERS = """
WITH days AS (
  SELECT a.id AS authority_id, a.virtual_school_id, d.day::int
    FROM schools_localauthority a
    LEFT JOIN schools_policy p ON p.authority_id = a.id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s),
         LATERAL jsonb_array_elements_text(coalesce(p.reminder_days, '[-14, -7, -2, 1]')) AS d (day)
), due AS MATERIALIZED (
  SELECT p.id, p.child_id, p.state, p.reopened, p.due_on, c.authority_id, days.virtual_school_id, max(days.day) AS day
    FROM pep_plan p JOIN children_child c ON c.id = p.child_id JOIN days ON days.authority_id = c.authority_id
   WHERE p.state IN ('preparing', 'returned', 'awaiting_sign_off') AND p.due_on <= %(on)s::date - days.day AND c.merged_into_id IS NULL
     AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND k.starts <= %(on)s AND (k.ends IS NULL OR k.ends > %(on)s))
   GROUP BY p.id, c.authority_id, days.virtual_school_id
), missing AS (
  SELECT due.id, s.owner FROM due JOIN pep_section s ON s.plan_id = due.id
   WHERE NOT s.marked_complete AND (due.state = 'preparing' AND s.key <> 'sign_off' OR due.state = 'returned' AND due.reopened ? s.key)
   GROUP BY due.id, s.owner
   UNION ALL
  SELECT id, 'social_worker' FROM due WHERE state = 'awaiting_sign_off'
), waits AS (
  SELECT id, owner FROM missing
   UNION ALL
  SELECT due.id,
         CASE WHEN due.state = 'returned'
               AND (SELECT bool_and(s.owner = 'social_worker') FROM pep_section s WHERE s.plan_id = due.id AND due.reopened ? s.key)
              THEN 'social_worker' ELSE 'school' END
    FROM due WHERE NOT EXISTS (SELECT FROM missing WHERE missing.id = due.id)
), account AS (
  SELECT id, password FROM accounts_user WHERE is_active AND (expires_on IS NULL OR expires_on > %(on)s)
), holder AS (
  SELECT due.id, 'school' AS owner, r.user_id
    FROM due JOIN children_enrolment e ON e.child_id = due.child_id AND e.kind = 'main'
    JOIN schools_schoolrelation r ON r.content_object_id = e.school_id AND r.authority_id = due.authority_id
    JOIN account ON account.id = r.user_id AND account.password NOT LIKE '!%%'
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
), told AS (
  SELECT due.id, due.day, due.due_on, coalesce(holder.user_id, officer.user_id) AS user_id
    FROM waits JOIN due ON due.id = waits.id
    LEFT JOIN holder ON holder.id = waits.id AND holder.owner = waits.owner
    LEFT JOIN officer ON holder.user_id IS NULL AND officer.virtual_school_id = due.virtual_school_id
)
SELECT DISTINCT key FROM (SELECT concat_ws(':', 'reminder', id, day, due_on, user_id) AS key FROM told WHERE user_id IS NOT NULL) AS r
 WHERE NOT EXISTS (SELECT FROM accounts_message a WHERE a.key = r.key)
"""

# Children in care whose next review is near and who have no plan in preparation.
PLANS_TO_OPEN = """
SELECT d.child_id
  FROM pep_deadline d JOIN children_child c ON c.id = d.child_id
  LEFT JOIN schools_policy p ON p.authority_id = c.authority_id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s)
 WHERE d.open AND d.kind = 'review' AND d.plan_id IS NULL AND c.merged_into_id IS NULL
   AND (d.reason = 'after_move' OR d.due_on <= %(on)s::date + coalesce(p.preparation_days, 42))
   AND EXISTS (SELECT FROM children_careperiod k WHERE k.child_id = c.id AND k.starts <= %(on)s AND (k.ends IS NULL OR k.ends > %(on)s)
                  AND k.legal_status NOT IN ('V3', 'V4'))
   AND NOT EXISTS (SELECT FROM pep_plan q WHERE q.child_id = c.id AND q.state = 'preparing')
   AND NOT EXISTS (SELECT FROM pep_move m WHERE m.child_id = c.id AND m.state = 'confirmed' AND m.starts_on > %(on)s
                      AND m.starts_on <= d.due_on)
 ORDER BY d.due_on, d.child_id
"""

MOVES_TO_BEGIN = "SELECT id FROM pep_move WHERE state = 'confirmed' AND begun_at IS NULL AND starts_on <= %(on)s ORDER BY starts_on, id"

# Working days, numbered: the nth working day after a day is the one whose number is n higher.
CALENDAR = "CREATE TEMP TABLE IF NOT EXISTS benchmark_day (day date PRIMARY KEY, number int NOT NULL, working bool NOT NULL)"
WORKING_DAYS_ON = "(SELECT t.day FROM benchmark_day f JOIN benchmark_day t ON t.working AND t.number = f.number + {} WHERE f.day = {})"

# Every open date that is not what the facts say: reviews from care, meetings and moves, signatures from waiting plans.
DRIFTED = f"""
WITH figure AS (
  SELECT a.id AS authority_id, coalesce(p.first_plan_working_days, 20) AS first_plan, least(coalesce(p.review_months, 6), 6) AS months,
         coalesce(p.move_plan_working_days, 10) AS after_move, coalesce(p.signature_working_days, 10) AS signature
    FROM schools_localauthority a
    LEFT JOIN schools_policy p ON p.authority_id = a.id AND p.starts <= %(on)s AND (p.ends IS NULL OR p.ends > %(on)s)
), review AS (
  SELECT p.child_id, max((m.starts_at AT TIME ZONE 'Europe/London')::date) AS day
    FROM pep_meeting m JOIN pep_plan p ON p.id = m.plan_id
   WHERE m.state = 'held' AND (m.starts_at AT TIME ZONE 'Europe/London')::date <= %(on)s AND p.state NOT IN ('cancelled', 'closed')
   GROUP BY p.child_id
   UNION ALL
  SELECT p.child_id, min((e.at AT TIME ZONE 'Europe/London')::date)
    FROM pep_planevent e JOIN pep_plan p ON p.id = e.plan_id JOIN pep_meeting m ON m.plan_id = p.id
   WHERE e.action = 'submit' AND m.exception_because <> '' AND m.state <> 'held' AND p.state NOT IN ('preparing', 'cancelled', 'closed')
     AND (e.at AT TIME ZONE 'Europe/London')::date <= %(on)s
   GROUP BY p.child_id, p.id
   UNION ALL
  SELECT child_id, max(plan_date) FROM pep_earlierplan WHERE plan_date <= %(on)s GROUP BY child_id
), moved AS (
  SELECT DISTINCT ON (child_id) child_id, CASE WHEN to_school_id IS NOT NULL THEN starts_on END AS day
    FROM pep_move WHERE state = 'confirmed' ORDER BY child_id, starts_on DESC
), facts AS (
  SELECT c.id AS child_id, c.authority_id, k.starts AS came, max(r.day) FILTER (WHERE r.day >= k.starts) AS reviewed, v.day AS moved
    FROM children_careperiod k JOIN children_child c ON c.id = k.child_id
    LEFT JOIN review r ON r.child_id = c.id LEFT JOIN moved v ON v.child_id = c.id
   WHERE k.starts <= %(on)s AND (k.ends IS NULL OR k.ends > %(on)s) AND k.legal_status NOT IN ('V3', 'V4') AND c.merged_into_id IS NULL
   GROUP BY c.id, k.id, v.day
), wanted AS (
  SELECT child_id, child_id AS of, 'review' AS kind,
         least(CASE WHEN reviewed IS NULL THEN {WORKING_DAYS_ON.format("figure.first_plan", "came")}
                    ELSE (reviewed + make_interval(months => figure.months))::date END,
               CASE WHEN moved >= came AND (reviewed IS NULL OR reviewed < moved)
                    THEN {WORKING_DAYS_ON.format("figure.after_move", "moved")} END) AS due_on
    FROM facts JOIN figure USING (authority_id)
   UNION ALL
  SELECT p.child_id, p.id, 'signature', {WORKING_DAYS_ON.format("figure.signature", "(p.state_since AT TIME ZONE 'Europe/London')::date")}
    FROM pep_plan p JOIN children_child c ON c.id = p.child_id JOIN figure USING (authority_id) WHERE p.state = 'awaiting_sign_off'
), stored AS (
  SELECT child_id, coalesce(plan_id, child_id) AS of, kind, due_on FROM pep_deadline WHERE open
)
SELECT of, kind FROM wanted FULL JOIN stored USING (child_id, of, kind) WHERE wanted.due_on IS DISTINCT FROM stored.due_on
"""
