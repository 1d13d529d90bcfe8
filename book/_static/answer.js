// Forms of exercises: the answer is judged here, by the numbers, choices and hints that check.exercise uses.
(() => {
  // What was typed as {value, unit}, unit being the last digit's worth; 14.70, 14,7, 1/3, 65 %, 2e-3 are numbers.
  const read = (typed) => {
    const text = typed.trim().replaceAll("−", "-").replace(/^([-+]?\d+),(\d+)/, "$1.$2").replace(/\s+/g, "");
    const fraction = /^([-+]?\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
    if (fraction && Number(fraction[2]) !== 0) return { value: fraction[1] / fraction[2], unit: 0, digits: Infinity };
    const number = /^[-+]?(\d+\.?\d*|\.\d+)(?:e([-+]?\d+))?(%?)$/i.exec(text);
    if (!number) return null;
    const scale = number[3] ? 0.01 : 1;
    const decimals = (number[1].split(".")[1] ?? "").length;
    return {
      value: Number(text.replace("%", "")) * scale,
      unit: 10 ** (Number(number[2] ?? 0) - decimals) * scale,
      digits: number[1].replace(".", "").replace(/^0+/, "").length,
    };
  };
  const near = (a, b, unit) => Math.abs(a - b) <= Math.max(unit, 1e-9 * Math.abs(b)) * (1 + 1e-9);

  const judgeNumber = ({ reference, wrong, other, digits }, typed) => {
    const got = read(typed);
    if (!got) return [false, "A number is asked for, such as 14.7, 1/3 or 2e-3."];
    if (near(got.value, reference, 0)) return [true, "right."];
    const exact = wrong.find(([value]) => near(got.value, value, 0));
    if (exact) return [false, exact[1]];
    if (got.digits < digits && near(got.value, reference, got.unit)) {
      return [false, `To tell it from its neighbours, give ${digits} significant digits.`];
    }
    if (near(got.value, reference, got.unit)) return [true, `right, to the ${got.digits} digits given.`];
    const close = wrong.find(([value]) => got.digits >= digits && near(got.value, value, got.unit));
    return [false, close ? close[1] : other];
  };
  const judgeChoice = ({ reference, wrong, other }, chosen) => {
    if (chosen === String(reference)) return [true, "right."];
    const mistake = wrong.find(([value]) => String(value) === chosen);
    return [false, mistake ? mistake[1] : other];
  };

  for (const form of document.querySelectorAll("form.gb-answer")) {
    const told = JSON.parse(form.dataset.answer);
    const output = form.querySelector("output");
    form.hidden = false;
    form.addEventListener("input", () => { output.textContent = ""; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = new FormData(form).get("answer") ?? "";
      if (given === "") {
        output.textContent = "not answered yet.";
        output.className = "";
        return;
      }
      const [right, sentence] = "digits" in told ? judgeNumber(told, given) : judgeChoice(told, given);
      output.textContent = right ? `✓ ${sentence}` : `not yet. ${sentence}`;
      output.className = right ? "gb-right" : "gb-not-yet";
    });
  }
})();
