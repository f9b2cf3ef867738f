"""A Dask cluster of this host: a scheduler in the runner's process, a nanny for each worker.

They speak over TLS with a certificate that only they have. Without it every account of the host
could have a worker run its code as the service's user: Dask itself asks nobody who they are.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from distributed import Nanny, Scheduler, SpecCluster
from distributed.security import Security

from pxcore.errors import RunError
from pxcore.runs.hosts import HostPlan, WorkerPlan

LOG = logging.getLogger("pxcore.runner")
LOOPBACK = "127.0.0.1"
PROTOCOL = "tls"
START_SECONDS = 600.0
"""So long a worker may take until it is ready: a busy host loads its libraries for minutes.

A nanny gives up after it, at the start of the runner and when it brings a lost worker back.
"""


def start_cluster(home: Path, host: HostPlan) -> SpecCluster:
    """Return the started workers of a host; nobody but they and its clients is answered.

    Raises RunError when they do not start, or not in time.
    """
    safe = own_certificate()
    workers = {
        plan.name: {"cls": Nanny, "options": _options(home, plan, safe)} for plan in host.workers
    }
    scheduler = {
        "cls": Scheduler,
        "options": {
            "host": LOOPBACK,
            "port": 0,
            "protocol": PROTOCOL,
            "security": safe,
            "dashboard": False,
            "dashboard_address": f"{LOOPBACK}:0",
        },
    }
    try:
        return SpecCluster(  # type: ignore[no-untyped-call]
            workers=workers, scheduler=scheduler, security=safe
        )
    except (RuntimeError, OSError, AssertionError) as error:  # the last one while it tidies up
        LOG.debug("the workers did not start", exc_info=True)
        reason = error.__cause__ or error.__context__ or error
        message = (
            f"the workers of this host did not start ({type(reason).__name__}: {reason}); is it "
            "short of memory, or very busy? Nothing is lost: start the runner again"
        )
        raise RunError(message) from error


def own_certificate() -> Security:
    """Return a new certificate and its key, in memory only, for both ends of each connection.

    Valid at any time, unlike `Security.temporary` (a year from now): clocks jump, and a runner
    may live for longer. What Dask's files say of TLS changes nothing.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pxcore")])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(Encoding.PEM).decode()
    kept = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    roles = ("client", "scheduler", "worker")
    return Security(  # type: ignore[no-untyped-call]
        require_encryption=True,
        tls_ca_file=shown,
        **{f"tls_{role}_cert": shown for role in roles},
        **{f"tls_{role}_key": kept for role in roles},
        **dict.fromkeys(("tls_ciphers", "tls_min_version", "tls_max_version")),
    )


def _options(home: Path, plan: WorkerPlan, safe: Security) -> dict[str, object]:
    return {
        "nthreads": 1,
        "resources": {plan.resource: 1},
        "env": dict(plan.environment),
        "host": LOOPBACK,
        "protocol": PROTOCOL,
        "security": safe,
        "dashboard_address": f"{LOOPBACK}:0",
        "local_directory": str(home / "workers"),
        "memory_limit": None,
        "death_timeout": START_SECONDS,
        "silence_logs": logging.ERROR,
    }
