// The mark of a trajectory: a line whose last point is marked.
import { marker, symbol } from "./pieces.js";
import { drawers, inside, series, trace } from "./marks.js";

Object.assign(drawers, {
  path(m, data, at) {
    const [, end] = trace(series(data, m.x), series(data, m.y), at);
    return drawers.line(m, data, at) + (m.head && end && inside(at, ...end) ? marker(m, symbol(m.shape, ...end, 5)) : "");
  },
});
