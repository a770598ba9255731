import pytest


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="picture.png"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file
