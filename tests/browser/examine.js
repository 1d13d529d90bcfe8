// axe's violations, and of what axe leaves open ("incomplete") all that does not pass here.
//
// Axe does not judge the contrast of words in drawings, of single letters and signs, and of words that something
// overlaps. Here their ink is held against the ground they stand on: the nearest opaque background or, where that is
// not enough, the shape of the drawing that lies under the middle of the words.
window.gbExamine = async only => {
  const numbers = colour => (colour.match(/[\d.]+/g) || []).map(Number);
  const opaque = colour => [1, undefined].includes(numbers(colour)[3]) && numbers(colour).length > 2;
  const luminance = colour => numbers(colour).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const contrast = (...two) => {
    const [dark, bright] = two.map(luminance).sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const ground = node => {
    while (!opaque(getComputedStyle(node).backgroundColor)) node = node.parentElement;
    return getComputedStyle(node).backgroundColor;
  };
  const beneath = node => {
    node.scrollIntoView({block: "center"});
    const box = node.getBoundingClientRect();
    const shape = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)
      .find(part => part.ownerSVGElement && !part.closest("text") && opaque(getComputedStyle(part).fill));
    return shape ? getComputedStyle(shape).fill : ground(node);
  };
  const passes = node => {
    const style = getComputedStyle(node), ink = node.closest("svg") ? style.fill : style.color;
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const least = large ? 3 : 4.5;  // WCAG 2.2, 1.4.3
    return contrast(ink, ground(node)) >= least || contrast(ink, beneath(node)) >= least;
  };
  const found = await axe.run({resultTypes: ["violations", "incomplete"], ...only});
  const told = (id, {html}) => [id, html.slice(0, 200)];
  return [
    ...found.violations.flatMap(({id, nodes}) => nodes.slice(0, 3).map(node => told(id, node))),
    ...found.incomplete.flatMap(({id, nodes}) => nodes
      .filter(({target}) => id !== "color-contrast" || !passes(document.querySelector(target[0])))
      .map(node => told(`${id}, left open`, node))),
  ];
};
