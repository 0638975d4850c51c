from django.db import models


class GreetingRow(models.Model):
    tick = models.BigIntegerField()
    account = models.BigIntegerField()

    class Meta:
        app_label = "toy"

    def __str__(self) -> str:
        return f"{self.account} at {self.tick}"


class GreetingCount(models.Model):
    account = models.BigIntegerField(primary_key=True)
    greetings = models.BigIntegerField()

    class Meta:
        app_label = "toy"

    def __str__(self) -> str:
        return f"{self.greetings} of {self.account}"
