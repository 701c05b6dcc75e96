"""moto's S3 on a port, one request after the other: moto looks at a condition and writes in two steps, so that with
threads two writers of the same object may both be told that they were the first.

Usage: s3.py PORT [CERTIFICATE KEY]
"""

import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def main(port, *certificate):
    app = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(port), app, threaded=False, ssl_context=tuple(certificate) or None)


if __name__ == "__main__":
    main(*sys.argv[1:])
