from django.urls import path

from market.common import converters  # noqa: F401
from news.api import views

urlpatterns = [
    path("news", views.NewsView.as_view(), name="news"),
    path("news/<id:id>", views.ArticleView.as_view(), name="article"),
]
