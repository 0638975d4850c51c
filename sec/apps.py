from django.apps import AppConfig


class SecConfig(AppConfig):
    name = "sec"
    verbose_name = "SEC"
