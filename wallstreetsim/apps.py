import gc

import django_stubs_ext
from django.apps import AppConfig

django_stubs_ext.monkeypatch()  # so that `ModelAdmin[Company]` means something to Django too


class WallStreetSimConfig(AppConfig):
    name = "wallstreetsim"
    verbose_name = "WallStreetSim"

    def ready(self) -> None:
        from wallstreetsim import celery  # every process sends tasks through our Celery app
        from wallstreetsim.environment import deploy_checks  # noqa: F401  # for `check --deploy`
        from wallstreetsim.feed import revocations  # noqa: F401  # whoever revokes a key, it is announced
        from webhooks.signals import delivery_wanted

        delivery_wanted.connect(celery.send_deliver)

        # What is loaded by now stays: without it a full collection, and the one at exit, is short.
        gc.freeze()
