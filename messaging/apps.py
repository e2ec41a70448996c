from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from django.contrib.sessions.models import Session
        from django.db.models.signals import post_delete
        from django_eventstream import views

        from messaging import listening, mailing, nudging, prompting

        mailing.STILL_WANTED |= nudging.STILL_WANTED | prompting.STILL_WANTED
        # The library has no setting for it.
        views.listener_manager = listening.MANAGER
        post_delete.connect(listening.session_ended, sender=Session, dispatch_uid="messaging.session_ended")
