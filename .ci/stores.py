"""States in stores that others wrote: moto's S3, over HTTP and over TLS, Azurite as Azure Blob Storage, and
fake-gcs-server as Google Cloud Storage.

The tests of stores run against all of them. On S3, besides: two runs at once, and runs that are killed.

Usage: stores.py PROGRAM TEST_COMMAND...
"""

import contextlib
import datetime
import hashlib
import ipaddress
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
from azure.storage.blob import BlobServiceClient
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import kill
from embedded import CREDENTIALS, REGION, check

HERE = os.path.dirname(os.path.abspath(__file__))
# The account that Azurite has, and its key, which are no secret: https://github.com/Azure/Azurite, "Default storage account".
AZURE = {
    "AZURE_STORAGE_ACCOUNT_NAME": "devstoreaccount1",
    "AZURE_STORAGE_ACCOUNT_KEY":
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
}
# Who needs no token, as `object_store` is told.
GOOGLE = {
    "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(
        {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    )
}
BUCKET = "states"
# How many times two runs begin at once, and how many are killed.
RACES, KILLS = 6, 50


@contextlib.contextmanager
def serving(command):
    """A server on a port that the system picks; stops when the server does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen([word.format(port=port) for word in command], stdout=said, stderr=said)
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if server.poll() is not None:
                    said.seek(0)
                    raise SystemExit(f"FAILED: {command[0]} does not start\n{said.read().decode(errors='replace')}")
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def certificate(folder):
    """The files of a certificate of this machine, which signs itself, and of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "states")])
    now, names = datetime.datetime.now(datetime.timezone.utc), [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(x509.SubjectAlternativeName(names), False)
        .sign(key, hashes.SHA256())
    )
    paths = [os.path.join(folder, file) for file in ("certificate.pem", "key.pem")]
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    with open(paths[0], "wb") as file:
        file.write(signed.public_bytes(pem))
    with open(paths[1], "wb") as file:
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


def bucket(endpoint, trusted=None):
    """A client of S3 with a bucket for states."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"], verify=trusted,
        config=Config(retries={"max_attempts": 1}),
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


def whole(client, prefix):
    """That every object of a state is as it was written: its last line is a checksum of what stands before."""
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    sealed = re.compile(rb'(.*),\n  "checksum": "([0-9a-f]{64})"\n}\n', re.DOTALL)
    for key in (thing["Key"] for thing in listed if re.search("/(snapshot|journal|history)", thing["Key"])):
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        parts = sealed.fullmatch(body)
        if not parts or hashlib.sha256(parts[1]).hexdigest().encode() != parts[2] or not json.loads(body):
            raise SystemExit(f"FAILED: {key} is not whole")
    return len(listed)


def race(program, url, client):
    """Two runs at once, several times: one at a time proceeds, the other is refused or comes after it."""
    expected, refused = kill.undisturbed(program, url)[0][1], 0
    words = kill.TURNS[0][1]
    for number in range(RACES):
        world = kill.World(program, kill.below(url, f"race-{number}"))
        with world.folder:
            both = [world.start(words) for _ in range(2)]
            ended = [(process.communicate(timeout=kill.SECONDS)[0], process.returncode) for process in both]
            for told, code in ended:
                if code != 0 and "is locked by" not in told:
                    raise SystemExit(f"FAILED: a run that is neither done nor refused\n{told}")
            if all(code != 0 for _, code in ended):
                raise SystemExit(f"FAILED: both were refused\n{ended[0][0]}\n{ended[1][0]}")
            refused += any(code != 0 for _, code in ended)
            for _ in both:
                world.run(words)
            if world.holds() != expected:
                raise SystemExit(f"FAILED: two runs at once made {world.holds() - expected}")
    check(refused, f"of two runs at once one proceeds, {RACES} times; the other was refused {refused} times")
    check(whole(client, "race"), "what they wrote is whole")


def over_tls(program):
    """A state on a server whose certificate is trusted, and not on one whose is not."""
    with tempfile.TemporaryDirectory() as folder:
        trusted, key = certificate(folder)
        with serving([sys.executable, f"{HERE}/s3.py", "{port}", trusted, key]) as port:
            endpoint = f"https://127.0.0.1:{port}"
            bucket(endpoint, trusted)
            url = f"s3://{BUCKET}/tls?region={REGION}&endpoint={endpoint}"
            os.environ["SSL_CERT_FILE"] = trusted
            try:
                world = kill.World(program, url)
                with world.folder:
                    world.run(kill.TURNS[0][1])
            finally:
                del os.environ["SSL_CERT_FILE"]
            check(True, "S3 over TLS, with a certificate that is trusted")
            process = world.start(["outputs", "--stack", "hazelcast"])
            told, _ = process.communicate(timeout=kill.SECONDS)
            check(process.returncode == 1 and "UnknownIssuer" in told, "no other certificate is accepted")


def main(program, *test):
    program = os.path.abspath(program)
    azurite = shutil.which("azurite-blob") or sys.exit("FAILED: there is no azurite-blob")
    blobs = [azurite, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", "{port}"]
    os.environ.update(CREDENTIALS, **AZURE, **GOOGLE)
    of_s3, of_google = [sys.executable, f"{HERE}/s3.py", "{port}"], [sys.executable, f"{HERE}/gcs.py", "{port}", BUCKET]
    with serving(of_s3) as s3, serving(blobs) as az, serving(of_google) as gs:
        endpoint = f"http://127.0.0.1:{s3}"
        client = bucket(endpoint)
        url = f"s3://{BUCKET}/team?region={REGION}&endpoint={endpoint}"
        account = f"http://127.0.0.1:{az}/{AZURE['AZURE_STORAGE_ACCOUNT_NAME']}"
        blob = BlobServiceClient(account, credential=AZURE["AZURE_STORAGE_ACCOUNT_KEY"])
        blob.create_container(BUCKET)
        google = f"http://127.0.0.1:{gs}"
        places = [url, f"az://{BUCKET}/team?endpoint={account}", f"gs://{BUCKET}/team?endpoint={google}"]
        tested = subprocess.run(
            [*test, "capability::stores::"], env={**os.environ, "HZSCRIPT_TEST_STORES": " ".join(places)}
        )
        check(tested.returncode == 0, "every kind of store")
        check(client.list_objects_v2(Bucket=BUCKET)["KeyCount"], "the tests kept states in S3")
        check(next(iter(blob.get_container_client(BUCKET).list_blobs()), None), "in Azure Blob Storage")
        with urllib.request.urlopen(f"{google}/storage/v1/b/{BUCKET}/o") as listed:
            check(json.load(listed).get("items"), "and in Google Cloud Storage")
        race(program, f"s3://{BUCKET}/race?region={REGION}&endpoint={endpoint}", client)
        kill.main(program, KILLS, f"s3://{BUCKET}/kill?region={REGION}&endpoint={endpoint}")
        check(whole(client, "kill"), "what killed runs wrote is whole")
    over_tls(program)


if __name__ == "__main__":
    main(*sys.argv[1:])
