"""Every environment variable, read once.

``PXCORE_HOME`` and its companions are listed in ``docs/settings.md``, which a test holds
against this class.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the lab's files are and what a host may use."""

    model_config = SettingsConfigDict(env_prefix="PXCORE_", frozen=True, extra="ignore")

    home: Path = Field(
        default=Path.home() / ".pxcore", description="The store: data sets, runs, database."
    )
    data_folders: str = Field(
        default="",
        description="Folders whose files may be registered from the browser, separated by ':'.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL; empty for SQLite inside the home."
    )
    scheduler: str = Field(
        default="", description="Address of a Dask scheduler; empty starts workers on this host."
    )
    device: str = Field(
        default="auto", description="`auto`, `cpu`, `cuda` or `cuda:N` for the workers."
    )
    workers: int = Field(
        default=0,
        ge=0,
        description="Training workers on this host; 0: one a GPU, or one on a CPU host.",
    )
    auth: Literal["open", "password", "oidc"] = Field(
        default="open",
        description="Who may come in: everybody on this host (`open`), people with a `password`, "
        "or people of your identity provider (`oidc`).",
    )
    public_url: str = Field(
        default="",
        description="Address that browsers use, such as `https://pxcore.lab.example`.",
    )
    oidc_metadata_url: str = Field(
        default="",
        description="Your identity provider's `.well-known/openid-configuration` (`oidc`).",
    )
    oidc_client_id: str = Field(default="", description="Id of this dashboard there.")
    oidc_client_secret: str = Field(
        default="", repr=False, description="Its secret there; keep it out of files that are read."
    )
    admins: str = Field(
        default="",
        description="Administrators (`oidc`), separated by ',': verified e-mail addresses, or "
        "`sub:` and a subject.",
    )
    newcomers: Literal["reader", "member"] = Field(
        default="member", description="Rank of a person's first log-in (`oidc`)."
    )
    log: Literal["text", "json"] = Field(
        default="text", description="Form of log lines: `text`, or `json` for one object a line."
    )
    owner: str = Field(default="", description="Name written beside runs started here.")
    max_upload_mb: int = Field(default=512, description="Largest file taken by the browser, MiB.")
    import_memory_mb: int = Field(
        default=4096, description="Memory an import process may use, MiB."
    )
    import_seconds: int = Field(
        default=7200, description="Processor time an import process may use, seconds."
    )
    public_downloads: bool = Field(
        default=True, description="Whether public data sets may be downloaded to this host."
    )
    max_dataset_gb: float = Field(
        default=200.0, description="Largest data set that may be registered, GiB."
    )
    min_free_gb: float = Field(
        default=1.0, description="Free disk a run or import must leave, GiB."
    )
    quota_gb: float = Field(
        default=0.0,
        ge=0,
        description="Disk one person's runs and data sets may take, GiB; 0: no limit.",
    )

    @property
    def admin_names(self) -> frozenset[str]:
        """The administrators that the settings name: addresses in small letters, ``sub:...``."""
        parts = (part.strip() for part in self.admins.split(",") if part.strip())
        return frozenset(one if one.startswith("sub:") else one.casefold() for one in parts)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The allowed folders as real paths."""
        return tuple(
            Path(part).expanduser().resolve() for part in self.data_folders.split(":") if part
        )
