"""Debian's nginx with the site that `deploy/install` writes, on ports of the tests' own."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from tests.stack.running import PATIENCE_SECONDS, eventually

HOST = "exchange.example.org"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

MAIN = """\
user root;
daemon off;
worker_processes 1;
error_log {directory}/error.log;
pid {directory}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include /etc/nginx/mime.types;
    include {directory}/site;
}}
"""


class Nginx:
    """A running nginx before web processes on these ports; its certificate is its own."""

    def __init__(self, directory: Path, *, ports: Sequence[int], http: int, https: int) -> None:
        self.http, self.https = http, https
        self.directory = directory
        self.certificate = directory / "fullchain.pem"
        make_certificate(self.certificate, directory / "privkey.pem")
        (directory / "nginx.conf").write_text(MAIN.format(directory=directory))
        (directory / "site").write_text(self._site(ports))
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-p", directory, "-c", directory / "nginx.conf"],
            stderr=(directory / "stderr.log").open("w"),
        )
        eventually(self._runs)

    def _runs(self) -> bool:
        said = (self.directory / "stderr.log").read_text()
        assert self._process.poll() is None, said
        return (self.directory / "nginx.pid").exists()

    def _site(self, ports: Sequence[int]) -> str:
        """Return the installed site, with ports and places of the tests' own and nothing else."""
        root = self.directory / "root"
        code = root / "opt/wallstreetsim"
        code.parent.mkdir(parents=True)
        code.symlink_to(settings.BASE_DIR)
        subprocess.run(
            [
                *(settings.BASE_DIR / "deploy/install", "--root", root, "--host", HOST),
                *("--code", "/opt/wallstreetsim", "--web", str(len(ports))),
            ],
            check=True,
            capture_output=True,
        )
        text = (root / "etc/nginx/sites-enabled/wallstreetsim").read_text()
        for number, port in enumerate(ports, start=8081):
            text = text.replace(f"127.0.0.1:{number} ", f"127.0.0.1:{port} ")
        text = text.replace(f"/etc/letsencrypt/live/{HOST}/", f"{self.directory}/")
        text = text.replace("/var/log/nginx/", f"{self.directory}/")
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.http};")
        return text.replace("listen 443 ", f"listen 127.0.0.1:{self.https} ")

    def trusting(self) -> ssl.SSLContext:
        """Return what makes a client trust this site alone."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # it is asked for at 127.0.0.1
        return context

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_SECONDS)


def make_certificate(certificate: Path, key_file: Path) -> None:
    """Write a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
