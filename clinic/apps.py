from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self) -> None:
        from clinic import (
            advertising,
            broadcasting,
            caring,
            expiring,
            filling,
            following,
            guarding,
            letterbook,
            linking,
            meeting,
            questionbook,
            receivers,  # noqa: F401  connects itself
            reminding,
            roles,
            ruling,
        )
        from clinic.kinds import KINDS
        from clinic.models import Practice
        from config import caching, checks, schedules  # noqa: F401  the checks register themselves
        from messaging import calling, chatting, heeding, kinds, mailing, quieting
        from messaging.models import rooms

        kinds.register(KINDS)
        quieting.HOURS.append(lambda: quieting.Hours(*Practice.objects.current().quiet_hours))
        mailing.SECRETS |= linking.SECRETS
        mailing.STILL_WANTED |= (
            reminding.STILL_WANTED
            | filling.STILL_WANTED
            | expiring.STILL_WANTED
            | following.STILL_WANTED
            | broadcasting.STILL_WANTED
        )
        calling.ABOVE.append(meeting)
        heeding.WATCHERS.append(
            lambda: roles.who_may("messaging.view_every_concern", "messaging.see_to_concern")
        )
        rooms.READ_BY.append(caring.conversations_in_care)
        chatting.TEAM.append(lambda: roles.who_may("messaging.answer_enquiry"))
        post_migrate.connect(advertising.ship, sender=self, dispatch_uid="advertising")
        post_migrate.connect(heeding.ship, sender=self, dispatch_uid="heeding")
        post_migrate.connect(caching.make_table, sender=self, dispatch_uid="caching")
        post_migrate.connect(schedules.sync, sender=self, dispatch_uid="schedules")
        post_migrate.connect(letterbook.ship, sender=self, dispatch_uid="letterbook")
        post_migrate.connect(guarding.install, sender=self, dispatch_uid="guarding")
        post_migrate.connect(questionbook.ship, sender=self, dispatch_uid="questionbook")
        post_migrate.connect(ruling.ship, sender=self, dispatch_uid="ruling")
