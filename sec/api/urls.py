from django.urls import path

from market.common import converters  # noqa: F401
from sec.api import views

urlpatterns = [
    path("world/investigations", views.InvestigationsView.as_view(), name="investigations"),
    path("world/investigations/most-wanted", views.MostWantedView.as_view(), name="most-wanted"),
    path("world/prison", views.PrisonView.as_view(), name="prison"),
    path("sec/cases", views.CasesView.as_view(), name="cases"),
    path("sec/cases/<id:id>", views.CaseView.as_view(), name="case"),
]
