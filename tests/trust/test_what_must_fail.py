"""The loop of trust, broken on purpose at each link: every break has to be noticed, with words that help."""

import json

import pytest

NOTEBOOK = "_build/notebooks/tiny.ipynb"


def test_an_unbroken_tree_passes(good_tree):
    assert good_tree.nbval() == 0, good_tree.output
    assert "3 passed" in good_tree.output


def test_a_tampered_output_fails(tree):
    tree.edit(NOTEBOOK, '"42\\n"', '"43\\n"')
    assert tree.nbval() == 1
    assert "43" in tree.output
    assert "1 failed" in tree.output


def test_a_badge_that_promises_more_than_was_checked_fails(tree):
    notebook = json.loads(tree.file(NOTEBOOK).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "outputs" in cell:
            text = json.dumps(cell["outputs"]).replace("factor forgotten", "every other formula")
            cell["outputs"] = json.loads(text)
    tree.file(NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")
    assert tree.nbval() == 1
    assert "every other formula" in tree.output


def test_an_equation_that_is_wrong_fails_the_build(tree):
    tree.edit("book/tiny.md", "lines=[lambda x: 2 * x]", "lines=[lambda x: 3 * x]")
    assert tree.build() == 1
    assert "CheckFailed" in tree.summary
    assert "tiny-square" in tree.summary


def test_a_check_that_cannot_fail_fails_the_build(tree):
    tree.edit("book/tiny.md", '"factor forgotten": lambda x: x', '"terms swapped": lambda x: x * 2')
    assert tree.build() == 1
    assert "terms swapped" in tree.summary


def test_a_failing_cell_is_named_with_chapter_and_traceback_until_it_is_corrected(tree):
    tree.edit("book/tiny.md", "print(ANSWER)", "print(ANSWER / 0)")
    for _ in range(2):
        assert tree.build() == 1
        assert "book/tiny.md: CellExecutionError" in tree.summary
        assert "print(ANSWER / 0)" in tree.summary
        assert "Cell In[3], line 1" in tree.summary
        assert "ZeroDivisionError" in tree.summary
        assert not tree.file(NOTEBOOK).exists(), "nothing is left that could be verified in its place"
    tree.edit("book/tiny.md", "print(ANSWER / 0)", "print(ANSWER)")
    assert tree.build() == 0, tree.output
    assert tree.file(NOTEBOOK).exists()


def test_broken_references_citations_and_formulas_fail_the_build_and_are_all_named(tree):
    tree.edit("book/tiny.md", "{eq}`tiny-square`", "{eq}`tiny-cube`")
    tree.edit("book/tiny.md", "the answer is even", "the answer is even {cite:p}`nobody1900`")
    tree.edit("book/tiny.md", "= 2x", "= \\twice x")
    assert tree.build() == 1
    for wrong in ("tiny-cube", "nobody1900", "twice"):
        lines = [line for line in tree.summary.splitlines() if wrong in line]
        assert any(line.startswith("book/tiny.md") and "WARNING" in line for line in lines), wrong


def test_an_edit_of_the_library_runs_the_notebooks_again(tree):
    tree.edit("lib/gradbook/tiny.py", "42", "44")
    assert tree.nbval() == 1, "the page still shows the old library"
    assert tree.build() == 0, tree.output
    outputs = [cell.get("outputs") for cell in json.loads(tree.file(NOTEBOOK).read_text())["cells"]]
    assert "44" in json.dumps(outputs)
    assert "44" in tree.file("_build/html/book/tiny.html").read_text(encoding="utf-8")
    assert tree.nbval() == 0, tree.output


PAGE = "_build/html/book/tiny.html"


@pytest.mark.browser
def test_an_unbroken_page_is_silent(good_tree):
    status = good_tree.page()
    if "skipped" in good_tree.output:
        pytest.skip("no browser here: see the page tests")
    assert status == 0, good_tree.output
    assert "1 passed" in good_tree.output


@pytest.mark.browser
@pytest.mark.parametrize(
    ("added", "words"),
    [
        (
            "<script>console.error('a slider broke')</script><script>nowhere.to.be.found</script>",
            ["error: a slider broke", "error: nowhere is not defined"],
        ),
        ("<img src='http://localhost:9/pixel.gif' alt=''>", ["localhost:9/pixel.gif"]),
    ],
    ids=["console", "another-host"],
)
def test_a_page_that_complains_or_asks_another_host_fails(tree, added, words):
    tree.edit(PAGE, "</body>", f"{added}</body>")
    status = tree.page()
    if "skipped" in tree.output:
        pytest.skip("no browser here: see the page tests")
    assert status == 1
    assert all(word in tree.output for word in words), tree.output
