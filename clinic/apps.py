from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self) -> None:
        from clinic import receivers  # noqa: F401  connects itself
        from clinic.kinds import KINDS
        from config import checks, working  # noqa: F401  they register themselves
        from messaging import kinds

        kinds.register(KINDS)
        tell_of_letters()
        tell_of_conversations()
        tell_of_pages()
        self.ship()

    def ship(self) -> None:
        """Have after every ``migrate`` what the product brings along."""
        from clinic import (
            advertising,
            entitling,
            granting,
            guarding,
            letterbook,
            phrasing,
            questionbook,
            ruling,
            sharing,
        )
        from config import caching, schedules
        from messaging import heeding, lettering

        brought = {
            "advertising": advertising.ship,
            "heeding": heeding.ship,
            "lettering": lettering.ship,
            "caching": caching.make_table,
            "schedules": schedules.sync,
            "letterbook": letterbook.ship,
            "guarding": guarding.install,
            "phrasing": phrasing.ship,
            "questionbook": questionbook.ship,
            "ruling": ruling.ship,
            "sharing": sharing.ship,
            "entitling": entitling.ship,
            "granting": granting.install,
        }
        for name, bring in brought.items():
            post_migrate.connect(bring, sender=self, dispatch_uid=name)


def tell_of_letters() -> None:
    """What the outbox asks the clinic: when it is night, what is secret, and what still makes sense."""
    from clinic import (
        advertising,
        broadcasting,
        expiring,
        filling,
        following,
        linking,
        opting,
        reminding,
    )
    from clinic.models import Practice
    from messaging import lettering, mailing, quieting

    quieting.HOURS.append(lambda: quieting.Hours(*Practice.objects.current().quiet_hours))
    mailing.SECRETS |= linking.SECRETS | {broadcasting.OFFER: opting.secrets}
    mailing.HEADERS |= {broadcasting.OFFER: opting.headers}
    lettering.GUARDS.append(advertising.check)
    for rule in (reminding, filling, expiring, following, broadcasting):
        mailing.STILL_WANTED |= rule.STILL_WANTED


def tell_of_conversations() -> None:
    """What conversations and calls ask the clinic: who reads, who answers, and what a talk is part of."""
    from clinic import breaking, caring, meeting, roles
    from clinic.models import Practice
    from messaging import calling, chatting, heeding, prompting, streaming
    from messaging.models import rooms

    calling.ABOVE.append(meeting)
    heeding.WATCHERS.append(lambda: roles.who_may("messaging.view_every_concern", "messaging.see_to_concern"))
    rooms.READ_BY.append(caring.conversations_in_care)
    streaming.DEADLINES.append(breaking.deadline)
    chatting.TEAM.append(lambda: roles.who_may("messaging.answer_enquiry"))
    prompting.ZONES.append(lambda: Practice.objects.current().time_zone)


def tell_of_pages() -> None:
    """What a process forgets when the database says that pages changed."""
    from clinic import serving
    from messaging import listening

    listening.HEARERS[serving.PAGES] = serving.SHELF.clear
