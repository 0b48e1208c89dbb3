"""The plan's addresses."""

from django.urls import include, path

from pep.views import (
    child,
    contributors,
    copies,
    dates,
    documents,
    drafts,
    earlier_plans,
    funding,
    home,
    items,
    lateness,
    meeting,
    meeting_exception,
    plan,
    progress,
    section,
    transitions,
)

app_name = "pep"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("children/<uuid:pk>/dates/", dates.ChildDates.as_view(), name="child-dates"),
    path("children/<uuid:pk>/plans/new/", child.PlanCreate.as_view(), name="plan-create"),
    path("children/<uuid:pk>/timeline/", child.ChildTimeline.as_view(), name="child-timeline"),
    path("children/<uuid:pk>/contributors/new/", contributors.ContributorAdd.as_view(), name="contributor-add"),
    path("contributors/<uuid:pk>/end/", contributors.ContributorEnd.as_view(), name="contributor-end"),
    path("children/<uuid:pk>/earlier-plans/new/", earlier_plans.EarlierPlanAdd.as_view(), name="earlier-plan-add"),
    path("earlier-plans/<uuid:pk>/", documents.EarlierPlanDownload.as_view(), name="earlier-plan-download"),
    path("earlier-plans/<uuid:pk>/review/", earlier_plans.EarlierPlanReview.as_view(), name="earlier-plan-review"),
    path("earlier-plans/<uuid:pk>/withdraw/", earlier_plans.EarlierPlanWithdraw.as_view(), name="earlier-plan-withdraw"),
    path("plans/<uuid:pk>/", plan.PlanDetail.as_view(), name="plan-detail"),
    path("plans/<uuid:pk>/read/", plan.PlanRead.as_view(), name="plan-read"),
    path("plans/<uuid:pk>/timeline/", plan.PlanTimeline.as_view(), name="plan-timeline"),
    path("plans/<uuid:pk>/progress/", progress.PlanProgress.as_view(), name="plan-progress"),
    path("plans/<uuid:pk>/meeting-exception/", meeting_exception.MeetingException.as_view(), name="meeting-exception"),
    path("plans/<uuid:pk>/lateness/", lateness.PlanLateness.as_view(), name="plan-lateness"),
    path("plans/<uuid:pk>/who-may-come/<uuid:attendee>/", meeting.AttendeeDecide.as_view(), name="attendee-decide"),
    path("plans/<uuid:pk>/copies/<uuid:attendee>/", copies.CopyGive.as_view(), name="copy-give"),
    path("meetings/<uuid:pk>/", meeting.InvitationAnswer.as_view(), name="invitation"),
    path("plans/<uuid:pk>/moves/<slug:action>/", transitions.PlanMove.as_view(), name="plan-move"),
    path("plans/<uuid:pk>/sections/<slug:key>/", section.SectionEdit.as_view(), name="section-edit"),
    path("plans/<uuid:pk>/sections/<slug:key>/draft/", drafts.SectionDraft.as_view(), name="section-draft"),
    path("plans/<uuid:pk>/sections/<slug:key>/discard/", drafts.SectionDiscard.as_view(), name="section-discard"),
    path("plans/<uuid:pk>/<slug:kind>/<str:item>/", items.ItemEdit.as_view(), name="item-edit"),
    path("plans/<uuid:pk>/<slug:kind>/<str:item>/remove/", items.ItemRemove.as_view(), name="item-remove"),
    path("funding/<uuid:pk>/", funding.FundingDetail.as_view(), name="funding-detail"),
    path("documents/<uuid:pk>/", documents.DocumentDownload.as_view(), name="document-download"),
    path("documents/jobs/<uuid:pk>/retry/", documents.RenderRetry.as_view(), name="render-retry"),
    path("", include("pep.move_urls")),
]
