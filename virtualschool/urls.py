"""The virtual school's pages."""

from django.urls import path

from virtualschool.views import authority, children, dashboard, desk, facts, imports, looked, places

app_name = "virtualschool"

urlpatterns = [
    path("desk/", desk.Desk.as_view(), name="desk"),
    path("desk/dashboard/", dashboard.Dashboard.as_view(), name="dashboard"),
    path("desk/money/", desk.MoneyToDecide.as_view(), name="money"),
    path("desk/money/payments/", desk.PaymentList.as_view(), name="payments"),
    path("desk/lists/<slug:key>/", desk.QueueList.as_view(), name="queue"),
    path("register/children/", children.ChildList.as_view(), name="children"),
    path("register/children/new/", children.ChildAdd.as_view(), name="child-add"),
    path("children/<uuid:pk>/register/", children.ChildEdit.as_view(), name="child-edit"),
    path("children/<uuid:pk>/register/details/", children.ChildChange.as_view(), name="child-change"),
    path("children/<uuid:pk>/register/restriction/", children.ChildRestrict.as_view(), name="child-restrict"),
    path("children/<uuid:pk>/register/<slug:kind>/new/", facts.FactAdd.as_view(), name="fact-add"),
    path("children/<uuid:pk>/who-looked/", looked.WhoLooked.as_view(), name="who-looked"),
    path("register/care/<uuid:pk>/", facts.CareEdit.as_view(), name="care-edit"),
    path("register/placements/<uuid:pk>/", facts.PlacementEdit.as_view(), name="placement-edit"),
    path("register/enrolments/<uuid:pk>/", facts.EnrolmentEdit.as_view(), name="enrolment-edit"),
    path("register/reviews/<uuid:pk>/", facts.ReviewEdit.as_view(), name="review-edit"),
    path("register/allocations/<uuid:pk>/", facts.AllocationEdit.as_view(), name="allocation-edit"),
    path("register/schools/", places.SchoolList.as_view(), name="schools"),
    path("register/schools/new/", places.SchoolEdit.as_view(), name="school-add"),
    path("register/schools/<uuid:pk>/", places.SchoolEdit.as_view(), name="school-edit"),
    path("register/imports/", imports.Imports.as_view(), name="imports"),
    path("register/imports/<uuid:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("settings/", places.Settings.as_view(), name="settings"),
    path("settings/teams/new/", places.TeamEdit.as_view(), name="team-add"),
    path("settings/teams/<uuid:pk>/", places.TeamEdit.as_view(), name="team-edit"),
    path("settings/terms/new/", places.TermEdit.as_view(), name="term-add"),
    path("settings/terms/<uuid:pk>/", places.TermEdit.as_view(), name="term-edit"),
    path("settings/rates/new/", places.RateAdd.as_view(), name="rate-add"),
    path("settings/virtual-schools/<uuid:pk>/", authority.ContactEdit.as_view(), name="contact-edit"),
    path("settings/authorities/<uuid:pk>/rubric/new/", authority.RubricAdd.as_view(), name="rubric-add"),
    path("settings/authorities/<uuid:pk>/policy/new/", places.PolicyAdd.as_view(), name="policy-add"),
    path("settings/policies/<uuid:pk>/withdraw/", places.PolicyWithdraw.as_view(), name="policy-withdraw"),
]
