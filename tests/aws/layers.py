"""Layers: moto gives no bytes back, so they are unpacked when they are published."""

import base64
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.wsgi import Answer, Environ, Moto, error, read


class Layers:
    """The contents of published layer versions, each in a folder of its own for ever.

    Function versions keep a layer version that was deleted, so no folder goes before the server.
    """

    def __init__(self, moto: Moto, folder: Path, s3: Any) -> None:
        self.moto = moto
        self.folder = folder
        self.s3 = s3

    def unpacked(self, arn: str) -> Path:
        """The folder of a layer version, which stands for /opt."""
        return self.folder / arn.replace(":", "_")

    def publish(self, environ: Environ) -> Answer:
        """Publish a layer version and keep what is in it. Refused unless there is a ZIP file."""
        body = read(environ)
        content = json.loads(body)["Content"]
        try:
            archive = zipfile.ZipFile(io.BytesIO(self.fetch(content)))
        except ClientError as failed:
            code = failed.response["Error"]["Code"]
            message = f"Error occurred while GetObject. S3 Error Code: {code}."
            return error(400, "InvalidParameterValueException", message)
        except zipfile.BadZipFile:
            message = "Could not unzip uploaded file. Please check your file."
            return error(400, "InvalidParameterValueException", message)
        answer = self.moto.pass_on(environ, body)
        if answer.status < 300:
            folder = self.unpacked(answer.data["LayerVersionArn"])
            shutil.rmtree(folder, ignore_errors=True)  # of a moto that was reset
            archive.extractall(folder)
        return answer

    def fetch(self, content: dict[str, str]) -> bytes:
        if "ZipFile" in content:
            return base64.b64decode(content["ZipFile"])
        found = self.s3.get_object(Bucket=content["S3Bucket"], Key=content["S3Key"])
        return bytes(found["Body"].read())
