"""Settings: every secret and switch comes from the environment; production is the default; nothing is started from here."""

from email.utils import parseaddr
from pathlib import Path

from config import environment as env

ROOT = Path(__file__).resolve().parent.parent

# Set by config/launcher.py alone. It opens the persona sign-in, so it is refused for any address but this machine's own.
DEMO = env.switch("PEP_DEMO")
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY", "a long random text, kept secret; it signs cookies and links")
SITE_URL = env.check_site("SITE_URL", env.text("SITE_URL", "the address people use, such as https://plans.example.gov.uk"), demo=DEMO)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "host names the site answers to, separated by commas")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "the sender of the product's e-mails")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where answers to invitations go, for `manage.py read_mail`: the sender's own address unless another is set.
REPLY_ADDRESS = parseaddr(env.optional("REPLY_TO_EMAIL") or DEFAULT_FROM_EMAIL)[1]
if len(SECRET_KEY) < 50 and SECRET_KEY:
    env.problems.append("SECRET_KEY is too short: 50 random characters or more")

# Database. The application's role cannot change the tables or rewrite history; only a process that migrates is given the owner's
# address, and web and worker refuse to start with it (config/wsgi.py, config/celery.py).
DATABASE_URL = env.text("DATABASE_URL", "PostgreSQL as the application's role, postgresql://user:password@host/database")
AS_OWNER = env.optional("MIGRATE_DATABASE_URL")
APPLICATION_ROLE = env.postgresql("DATABASE_URL", DATABASE_URL).get("USER", "")
DATABASES = {"default": env.postgresql("MIGRATE_DATABASE_URL", AS_OWNER) if AS_OWNER else env.postgresql("DATABASE_URL", DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions and the cache (which holds the counters of the rate limits) live in PostgreSQL: signing in, reading and writing plans
# go on when Redis is down. Redis carries nothing but nudges to the workers.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entry",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

REDIS_URL = env.text("REDIS_URL", "Redis or Valkey, redis://host:6379/0")
CELERY_BROKER_URL = env.broker("REDIS_URL", REDIS_URL)
CELERY_TIMEZONE = "Europe/London"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1500
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A request that nudges a worker must not wait for a broker that is away: two seconds at most. Jobs are rows in PostgreSQL.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    # A broker that takes the connection and then says nothing.
    "socket_timeout": 2,
    "max_retries": 0,
    # Longer than any task may run, so that a running task is not handed out twice.
    "visibility_timeout": 1800,
}

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "guardian",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "schools",
    "children",
    "pep",
    "virtualschool",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.WithoutNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.limit_bodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Every page is for people who are signed in, unless its view says otherwise.
    "accounts.middleware.end_sessions",
    "config.typing_kept.SignInFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.RequireSecondFactor",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

# Pages, forms and files.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
                "accounts.context.signed_in",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static" / "src", ROOT / "static" / "built"]
# Names carry the hash of their content, so browsers keep them for ever. Uploaded and made documents are rows, not files.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.memory.InMemoryStorage"},
    "staticfiles": {"BACKEND": "config.storage.HashedStaticFiles"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# Megabytes of a request: what forms and autosaves need, and more on the pages that take files, for who is signed in.
LARGEST_BODY = 5
LARGER_BODIES = {"pep:earlier-plan-add": 30, "virtualschool:imports": 110}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# Mail. The demo keeps it in a directory, where its own page shows it.
MAIL = env.mail("EMAIL_URL", env.text("EMAIL_URL", "the mail server, such as smtp://user:password@host:587?tls=1"), demo=DEMO)
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if MAIL.directory else 'smtp'}.EmailBackend"
EMAIL_FILE_PATH = MAIL.directory
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.use_tls, MAIL.use_ssl
EMAIL_TIMEOUT = 10
# Who says when a message may be mailed at the earliest: accounts sends, and knows no authority's quiet hours.
MAIL_NOT_BEFORE = "pep.digests.not_before"
# Who says whether this is no day for an e-mail that somebody wants at once though it could wait: accounts knows nobody's terms.
MAIL_WAITS_FOR_DIGEST = "pep.digests.waits_for_digest"
# Who says why a message that has waited is not mailed any more: accounts knows nobody's children.
MAIL_WHY_NOT = "pep.mail_withheld.why_not"
# Who brings what was sent to somebody's old address to the new one.
ADDRESS_CHANGED = "pep.tasks.follow_address"
# Who takes meetings out of the calendar of somebody whose role or account has ended.
ACCESS_ENDED = "pep.tasks.withdraw_from_calendar"
# Where the mail server puts what is sent to the product's address, for the worker to look at; or a timer runs `read_mail`.
MAILDIR = env.optional("MAILDIR")

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True

# People and sign-in.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.adapters.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "accounts.passwords.NotEasyToGuess"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address is proved by its invitation
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.links.ResetTokens"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords: ten in five minutes per address of a computer, and per account and address. Wrong codes: per person.
    "login_failed": "10/5m/ip,10/5m/key",
    # Wrong passwords for one account from all addresses together: so many that one stranger keeps nobody out.
    "login_failed_anywhere": "100/15m/key",
    # A whole council may sit behind one address at nine o'clock.
    "login": "120/m/ip",
    "reset_password": "20/m/ip,5/h/key",
    # Looking inside an uploaded file is work; each person may ask for so much of it.
    "upload": "40/h/user",
    "import": "30/h/user",
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignIn",
    "reset_password": "accounts.forms.AskForReset",
    "reset_password_from_key": "accounts.forms.NewPassword",
    "change_password": "accounts.forms.ChangePassword",
    "reauthenticate": "accounts.forms.ConfirmPassword",
}
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are kept on the person, not in allauth's own table
MFA_TOTP_TOLERANCE = 1  # phones' clocks differ; a code works once all the same
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO  # the demo is served over http on this machine alone
MFA_FORMS = {
    "authenticate": "accounts.forms.EnterCode",
    "reauthenticate": "accounts.forms.ConfirmCode",
    "activate_totp": "accounts.forms.AddApp",
    "add_webauthn": "accounts.forms.AddPasskey",
    "edit_webauthn": "accounts.forms.RenamePasskey",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
LOGIN_URL = "demo" if DEMO else "account_login"
LOGIN_REDIRECT_URL = "/"

# Browsers. ``__Host-`` cookies need https, which the demo on this machine does not have.
SESSION_COOKIE_NAME = "sessionid" if DEMO else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEMO else "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEMO
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "config.typing_kept.not_trusted"
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SILENCED_SYSTEM_CHECKS = [
    # Asking browser makers to hard-wire https for the whole domain is for the domain's owner, not for one service on it.
    "security.W021",
    # Guardian's backend is left out on purpose: its has_perm knows no dates. accounts/relations.py reads its tables.
    "guardian.W001",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "config.logs.PlainFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "plain"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "pikepdf": {"level": "WARNING"},
    },
}

env.refuse_if_wrong()
