// Small line charts as SVG. A chart is described and drawn anew each time something changes.
"use strict";
globalThis.timeganChart = (() => {
  const WIDTH = 380, HEIGHT = 250, LEFT = 48, RIGHT = 8, TOP = 24, BOTTOM = 34;

  const escaped = (text) => String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

  // Round numbers, about `count` of them, between two ends.
  function ticks(low, high, count = 5) {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough);
    const first = Math.ceil(low / step), last = Math.floor(high / step);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => (first + k) * step);
  }

  // 25 M rather than 25,000,000
  function short(value) {
    for (const [size, letter] of [[1e9, " G"], [1e6, " M"]]) {
      if (Math.abs(value) >= size) return `${+(value / size).toPrecision(3)}${letter}`;
    }
    return (+value.toPrecision(6)).toLocaleString("en-US");
  }

  // The ends of many numbers, with a little air.
  function range(...values) {
    let low = Infinity, high = -Infinity;
    for (const value of values.flat(Infinity)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const air = 0.04 * (high - low) || Math.abs(high) / 100 || 1;
    return [low - air, high + air];
  }

  // chart: {title, says, x: [low, high], y, xLabel, log, lines: [{kind, points}], dots, at}
  //   says: what it shows, for those who do not see it; points: [x, y] pairs; at: an x to mark
  function svg(chart) {
    const [x0, x1] = chart.x, [y0, y1] = chart.log ? chart.y.map(Math.log10) : chart.y;
    const x = (value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
    const height = (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    const y = (value) => height(chart.log ? Math.log10(value) : value);
    const place = ([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`;
    const rows = chart.log ? decades(y0, y1) : ticks(y0, y1);
    const parts = [`<svg role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-label="${escaped(chart.says)}">`];
    parts.push(`<text class="title" x="${LEFT}" y="15">${escaped(chart.title)}</text>`);
    for (const tick of rows) {
      parts.push(`<path class="grid" d="M${LEFT},${y(tick)}H${WIDTH - RIGHT}"/>`);
      parts.push(`<text class="tick" text-anchor="end" x="${LEFT - 4}" y="${y(tick) + 4}">${short(tick)}</text>`);
    }
    for (const tick of ticks(x0, x1)) {
      parts.push(`<text class="tick" text-anchor="middle" x="${x(tick)}" y="${HEIGHT - 19}">${short(tick)}</text>`);
    }
    const middle = (LEFT + WIDTH - RIGHT) / 2;
    parts.push(`<text class="tick" text-anchor="middle" x="${middle}" y="${HEIGHT - 4}">${escaped(chart.xLabel)}</text>`);
    if (chart.at !== undefined) parts.push(`<path class="at" d="M${x(chart.at)},${TOP}V${HEIGHT - BOTTOM}"/>`);
    for (const { kind, points } of chart.dots ?? []) {
      const circles = points.map((point) => `M${place(point)}h0`).join("");
      parts.push(`<path class="dots ${kind}" d="${circles}"/>`);
    }
    for (const { kind, points } of chart.lines ?? []) {
      parts.push(`<polyline class="line ${kind}" points="${points.map(place).join(" ")}"/>`);
    }
    return [...parts, "</svg>"].join("");
  }

  function decades(low, high) {
    const all = [-2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((k) => k * 10 ** power));
    const inside = all.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
    return inside.length > 6 ? inside.filter((value) => Math.log10(value) % 1 === 0) : inside;
  }

  return { svg, range, short, escaped };
})();
