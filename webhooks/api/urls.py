from django.urls import path

from webhooks.api import views

urlpatterns = [
    path("agents/me", views.MeView.as_view(), name="me"),  # that of agents, and more
    path("agents/me/webhook", views.WebhookView.as_view(), name="webhook"),
    path("agents/me/webhook/test", views.TestView.as_view(), name="webhook-test"),
    path("agents/me/webhook/secret", views.SecretView.as_view(), name="webhook-secret"),
]
