"""Settings of the whole project, read top to bottom. Hosts and secrets come from the environment."""

import os
import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from config import secret_files
from config.supervisor import postgres
from config.unfold import UNFOLD  # noqa: F401  read by django-unfold

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
secret_files.take(os.environ)

TESTING = "pytest" in sys.modules
ENVIRONMENT = env("ENVIRONMENT", default="test" if TESTING else "demo")  # demo | test | production
DEMO = ENVIRONMENT in {"demo", "test"}
DEBUG = env.bool("DEBUG", default=False)
# Marked so that a production start can refuse it; sessions of a demo survive a restart.
DEMO_SECRET = "demo-only-" + "0" * 54
SECRET_KEY = env("SECRET_KEY", default=DEMO_SECRET if DEMO else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
BASE_URL = env("BASE_URL", default="http://127.0.0.1:8000")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"] if DEMO else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "clinic",
    "catalog",
    "billing",
    "messaging",
    "unfold.apps.BasicAppConfig",  # the default config would replace our admin site by its own
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "config.apps.StaffSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_eventstream",
    "anymail",
    "django_q",
    "import_export",
    "simple_history",
    "django_prose_editor",
    "csp",
]
MIDDLEWARE = [
    "config.middleware.FrontMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.AdminPolicyMiddleware",
    "clinic.middleware.PagesMiddleware",
    "config.tracing.TraceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clinic.middleware.StayingMiddleware",
    "config.middleware.SeenMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.middleware.ClockMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.middleware.ThrottleMiddleware",
    "config.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.practice",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# Rows. Without DATABASE_URL: the embedded server, which the supervisor starts; nothing starts here.
DEVELOPMENT_DATA = BASE_DIR / ".devdb" / "pg18"
if env("DATABASE_URL", default=""):
    DATABASES = {"default": env.db("DATABASE_URL")}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", **postgres.address(DEVELOPMENT_DATA)}}
# What web and worker are in the database: they own no table there, so no trigger gives way to them.
DATABASE_APP_ROLE = env("DATABASE_APP_ROLE", default=postgres.APP_ROLE)
if env("PROCESS", default="") == "web" and not env("DATABASE_URL", default=""):
    DATABASES["default"]["USER"] = DATABASE_APP_ROLE
DATABASES["default"] |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
if env("PROCESS", default="") == "web":
    # The worker forks, and a pool must not cross a fork.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.int("POOL_SIZE", default=10),
        "timeout": 5,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"  # third parties only: our keys are UUIDv7

# Public pages stay in the memory of a web process, which hears of every change (clinic/serving.py).
PAGES_KEPT = env("PROCESS", default="") == "web"

# What all processes know, and still know after a restart: rate limits, and the counts in the desk's menu.
SHARED_CACHE = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "shared_cache",  # made after migrate: config.caching
    "OPTIONS": {"MAX_ENTRIES": 50_000},  # so many that nobody pushes a limit out by trying addresses
}
OWN_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {"default": OWN_CACHE if TESTING else SHARED_CACHE}

SIMULATOR_STATE = Path(env("SIMULATOR_STATE", default=str(BASE_DIR / ".devdb/simulator.sqlite3")))

# Files: a private folder, or S3 when a bucket is named.
STATIC_URL, STATIC_ROOT = "/static/", BASE_DIR / ".static"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
MEDIA_ROOT = Path(env("FILES_FOLDER", default=str(BASE_DIR / (".devdb/test-files" if TESTING else ".files"))))
FOLDER = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": MEDIA_ROOT}}
BUCKET = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": env("S3_BUCKET", default=""),
        "endpoint_url": env("S3_ENDPOINT", default=None),
        "region_name": env("S3_REGION", default="ap-southeast-2"),
        "access_key": env("S3_ACCESS_KEY", default=None),
        "secret_key": env("S3_SECRET_KEY", default=None),
        "default_acl": "private",
        "querystring_auth": True,
        "querystring_expire": 60,
        "file_overwrite": False,
    },
}
# Papers: a PKCS #12 file of the practice, if they are to carry its integrity seal (config/sealing.py).
SEAL_CERTIFICATE = env("SEAL_CERTIFICATE", default="")
SEAL_PASSPHRASE = env("SEAL_PASSPHRASE", default="")
# The audit trail: the secret (Ed25519, 64 hex digits) that signs its anchors, and earlier public keys.
DEMO_AUDIT_KEY = "de" * 32
AUDIT_KEY = env("AUDIT_KEY", default=DEMO_AUDIT_KEY if DEMO else "")
AUDIT_KEYS_RETIRED = env.list("AUDIT_KEYS_RETIRED", default=[])
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
STORAGES = {
    "default": BUCKET if env("S3_BUCKET", default="") else FOLDER,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# People
AUTH_USER_MODEL = "clinic.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # unique without regard to case, by a constraint
AUTHENTICATION_BACKENDS = ["clinic.roles.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "config.passwords.StaffLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "config.passwords.KnownPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one is for real passwords
PASSWORD_RESET_TIMEOUT = 48 * 3600  # invitations too: both links work once
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/portal/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "clinic.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "clinic.forms.accounts.SignUpForm"
ACCOUNT_FORMS = {
    "login": "clinic.forms.entrance.SignInForm",
    "signup": "clinic.forms.entrance.SignUpForm",
    "reset_password": "clinic.forms.entrance.ResetForm",
    "reset_password_from_key": "clinic.forms.entrance.NewPasswordForm",
    "change_password": "clinic.forms.entrance.ChangePasswordForm",
    "add_email": "clinic.forms.entrance.NewAddressForm",
    "reauthenticate": "clinic.forms.entrance.AgainForm",
}
ACCOUNT_CHANGE_EMAIL = True
# Our doors count for themselves (clinic/throttling.py, clinic/middleware.py): one truth, not two.
# allauth keeps the pause between two letters that confirm an address.
ACCOUNT_RATE_LIMITS = {
    **dict.fromkeys(["login", "login_failed", "signup", "reset_password", "reset_password_from_key"]),
    **dict.fromkeys(["change_password", "manage_email", "reauthenticate", "request_login_code"]),
    **dict.fromkeys(["change_phone", "verify_phone"]),
    "confirm_email": "1/180s/key",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # another e-mail address takes the password
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
OTP_TOTP_ISSUER = "ProMedicine"

# Money
STRIPE_API_BASE = env("STRIPE_API_BASE", default="http://127.0.0.1:8001" if DEMO else "")
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="sk_test_demo" if DEMO else "")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="whsec_demo" if DEMO else "")

# Doors
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = 30 * 60  # of idleness: config.middleware.SeenMiddleware starts it anew
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
BROWSER_COOKIE_NAME = "browser"  # by what a browser that signed in before is known again
CSRF_COOKIE_HTTPONLY = False  # the room's script sends it back as a header
if not DEMO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    BROWSER_COOKIE_NAME = "__Host-browser"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Browsers hold redirects after a form to this list too: the payment page is one.
        "form-action": [SELF, STRIPE_API_BASE if DEMO else "https://checkout.stripe.com"],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Words, places, times
LANGUAGE_CODE = "en-au"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = env("TIME_ZONE", default="Australia/Sydney")

# The task queue lives in the same database, so enqueuing is part of the transaction.
Q_CLUSTER = {
    "name": "promedicine",
    "orm": "default",
    "workers": env.int("WORKERS", default=2),
    "bulk": 1,
    "queue_limit": 2,
    "timeout": 120,
    "retry": 400,  # at least timeout × (2 + queue_limit / workers), or a waiting task runs twice
    "max_attempts": 5,
    "poll": 0.3,
    "catch_up": False,
    "label": "Background work",
}

# Live events
EVENTSTREAM_STORAGE_CLASS = "messaging.streaming.EventStorage"
EVENTSTREAM_CHANNELMANAGER_CLASS = "messaging.streaming.ChannelManager"

# Calls: servers that help two browsers to reach each other (messaging/reaching.py); none on one machine.
STUN_URLS = env.list("STUN_URLS", default=[])
TURN_URLS = env.list("TURN_URLS", default=[])
TURN_SECRET = env("TURN_SECRET", default="")
CALLS_RELAYED = env.bool("CALLS_RELAYED", default=False)

# Letters
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail://")
vars().update(EMAIL_CONFIG)
EMAIL_FILE_PATH = env("MAIL_FOLDER", default=str(BASE_DIR / ".mail"))
DEFAULT_FROM_EMAIL = env("FROM_EMAIL", default="ProMedicine <hello@promedicine.example>")
EMAIL_TIMEOUT = 20
# SMS beside letters: "" sends none, "file" keeps them in SMS_FOLDER, "twilio" sends them.
SMS_PROVIDER = env("SMS_PROVIDER", default="file" if ENVIRONMENT == "demo" else "")
SMS_FOLDER = env("SMS_FOLDER", default=str(BASE_DIR / ".sms"))
SMS_API_BASE = env("SMS_API_BASE", default="https://api.twilio.com")
SMS_ACCOUNT = env("SMS_ACCOUNT", default="")
SMS_SECRET = env("SMS_SECRET", default="")
SMS_FROM = env("SMS_FROM", default="")
# Instead of SMTP, the interface of a provider that django-anymail knows by this name: postmark, amazon_ses, …
MAIL_PROVIDER = env("MAIL_PROVIDER", default="")
MAIL_WEBHOOK_SECRET = env("MAIL_WEBHOOK_SECRET", default="")
ANYMAIL = {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT, **env.json("MAIL_PROVIDER_OPTIONS", default={})}
ANYMAIL["WEBHOOK_SECRET"] = MAIL_WEBHOOK_SECRET
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"

REFUSE_TRUNCATE = not TESTING  # the test runner truncates

# History: who, why, and the whole reason.
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = False  # RecordAdmin scopes rows and permissions itself
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
}
