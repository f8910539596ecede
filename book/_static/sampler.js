// Windows from noise, as timegan_lib computes them. Plain functions; nothing here draws.
//
//   model = timeganSampler.load(timeganModels["google"])    a model of `timegan export-js`
//   z = timeganSampler.noise(model, random)                  one window's noise: a row a step
//   timeganSampler.window(model, z)                          a row a step, a number a feature, in the data's units
"use strict";
globalThis.timeganSampler = (() => {
  // ---- arrays

  function load(exported) {
    return decode(exported);
  }

  // The same values, every packed array as {shape, data}.
  function decode(value) {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value.data === "string") return { shape: value.shape, data: floats(value) };
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decode(part)]));
  }

  function floats({ bits, data }) {
    const text = atob(data);
    const view = new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
    const size = bits / 8;
    return new Float64Array(view.byteLength / size).map((_, k) =>
      bits === 32 ? view.getFloat32(k * size, true) : half(view.getUint16(k * size, true)));
  }

  // A 16-bit float: sign, five bits of exponent, ten of fraction.
  function half(code) {
    const sign = code >> 15 ? -1 : 1, exponent = (code >> 10) & 31, fraction = code & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  }

  // ---- layers

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const ACTIVATIONS = { sigmoid, tanh: Math.tanh, linear: (x) => x };
  const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const zeros = (size) => new Float64Array(size);

  // x W + b
  function affine(x, kernel, bias) {
    const data = kernel.data, rows = x.length, columns = kernel.shape[1];
    const out = bias ? bias.data.slice() : new Float64Array(columns);
    for (let row = 0, at = 0; row < rows; row++) {
      const value = x[row];
      for (let k = 0; k < columns; k++, at++) out[k] += value * data[at];
    }
    return out;
  }

  // r, u = sigmoid([x, h] W_ru + b_ru);  c = tanh([x, r * h] W_c + b_c);  h' = u * h + (1 - u) * c
  function gruStep(x, h, [gates, gatesBias, candidate, candidateBias]) {
    const size = h.length, ru = affine(joined(x, h), gates, gatesBias).map(sigmoid);
    const c = affine(joined(x, h.map((value, k) => ru[k] * value)), candidate, candidateBias).map(Math.tanh);
    return h.map((value, k) => ru[size + k] * value + (1 - ru[size + k]) * c[k]);
  }

  function joined(...arrays) {
    const out = new Float64Array(arrays.reduce((size, array) => size + array.length, 0));
    arrays.reduce((at, array) => (out.set(array, at), at + array.length), 0);
    return out;
  }

  const units = (layer) => layer.weights[3].shape[0];

  function dense(x, layer) {
    return affine(x, ...layer.weights).map(ACTIVATIONS[layer.kind]);
  }

  // All steps through one layer.
  function through(steps, layer) {
    if (layer.kind !== "gru") return steps.map((x) => dense(x, layer));
    let h = zeros(units(layer));
    return steps.map((x) => (h = gruStep(x, h, layer.weights)));
  }

  // ---- the autoregressive generator: each step from the steps made before it

  function autoregressive(model, z) {
    const size = model.names.length;
    const first = parts(model, model.first.weights[1].data); // it is said from nothing but the bias
    const begin = within(model, draw(model, first, 0, z[0]));
    let states = model.layers.map((layer) => zeros(units(layer)));
    let before = begin, change = zeros(size);
    const made = [begin];
    for (const noise of z.slice(1)) {
      const inputs = joined(before, change, begin);
      let h = inputs;
      states = states.map((state, k) => (h = gruStep(h, state, model.layers[k].weights)));
      const x = within(model, draw(model, mixture(model, h, inputs, before), 1, noise));
      change = x.map((value, j) => value - before[j]);
      before = x;
      made.push(x);
    }
    return made;
  }

  // What a head says: the weight of each component, and their means and spreads, flat.
  function parts(model, told) {
    const k = model.components, kd = k * model.names.length;
    const largest = Math.max(...told.slice(0, k));
    const weight = Array.from(told.slice(0, k), (value) => Math.exp(value - largest));
    const sum = weight.reduce((a, b) => a + b);
    return {
      weight: weight.map((value) => value / sum),
      mean: Array.from(told.slice(k, k + kd)),
      spread: Array.from(told.slice(k + kd), (value) => softplus(value + 0.54) + model.leastSpread),
    };
  }

  function mixture(model, h, inputs, before) {
    const said = parts(model, dense(h, model.head)), size = model.names.length;
    const straight = affine(inputs, model.straight), news = model.news.data;
    return {
      weight: said.weight,
      mean: said.mean.map((value, k) => straight[k % size] + news[k % size] * value),
      spread: said.spread.map((value, k) => news[k % size] * value),
      stay: dense(h, model.staying).map((value, k) => (model.stays.data[k % size] > 0 ? sigmoid(value) : 0)),
      at: before,
    };
  }

  // D numbers of noise spread the features, D more say which stay as they were, the last chooses the component.
  function draw(model, said, place, noise) {
    const size = model.names.length, chooser = uniform(noise.at(-1));
    let k = 0;
    for (let reached = said.weight[0]; k < model.components - 1 && reached < chooser; reached += said.weight[k]) k += 1;
    const triangle = ((place * model.components) + k) * size * size, off = [];
    return Float64Array.from({ length: size }, (_, j) => {
      const mean = said.mean[k * size + j];
      if (said.stay && uniform(noise[size + j]) < said.stay[k * size + j]) {
        off.push(said.at[j] - mean);
        return said.at[j];
      }
      let own = said.spread[k * size + j] * noise[j];
      off.forEach((other, i) => (own += model.triangles.data[triangle + j * size + i] * other));
      off.push(own);
      return mean + own;
    });
  }

  function within(model, x) {
    const limits = model.limits.data;
    return x.map((value, j) => Math.min(Math.max(value, limits[j]), limits[x.length + j]));
  }

  // N(0, 1) to (0, 1): half of erfc(-z / sqrt(2)), by Press et al., Numerical Recipes, to seven digits.
  function uniform(z) {
    const x = Math.abs(z) / Math.SQRT2, t = 1 / (1 + x / 2);
    const series = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
      -0.82215223, 0.17087277];
    const tail = 0.5 * t * Math.exp(-x * x + series.reduceRight((sum, value) => sum * t + value, 0));
    return z < 0 ? tail : 1 - tail;
  }

  // ---- back to the data's units

  function unscale(rows, scaler) {
    const { minimum, maximum } = scaler;
    return rows.map((row) => row.map((x, j) => minimum[j] * (1 - x) + maximum[j] * x));
  }

  // Each feature's form undone, after those that it refers to.
  function unrepresent(rows, forms) {
    const values = rows.map((row) => zeros(row.length));
    for (const form of forms) {
      let level = 0;
      rows.forEach((row, t) => {
        const step = straightened(row[form.feature], form.margins[t ? 1 : 0]);
        level = form.changes ? level + step : step;
        const edges = form.references.map((other) => values[t][other]);
        values[t][form.feature] = rounded(valueOf(form, level, edges), form.decimals);
      });
    }
    return values;
  }

  function valueOf(form, level, edges) {
    const value = form.log ? Math.exp(Math.min(Math.max(level, -600), 600)) : level;
    const lowest = Math.min(...edges), highest = Math.max(...edges);
    switch (form.kind) {
      case "values": return value;
      case "least": return Math.max(value, highest);
      case "most": return Math.min(value, lowest);
      case "below": return form.log ? lowest / value : lowest - value;
      default: return form.log ? highest * value : highest + value; // "relative", "above"
    }
  }

  function rounded(value, decimals) {
    return decimals === null ? value : Math.round(value * 10 ** decimals) / 10 ** decimals;
  }

  // A margin: straight lines between its corners, and straight lines beyond.
  function straightened(score, { scores, values, slopes, floor, ceiling }) {
    const x = scores.data, y = values.data, last = x.length - 1;
    let low = 0, high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] <= score) low = middle; else high = middle;
    }
    let found = score <= x[0] ? y[0] + slopes[0] * (score - x[0]) : y[last] + slopes[1] * (score - x[last]);
    if (score > x[0] && score < x[last]) found = y[low] + ((y[high] - y[low]) * (score - x[low])) / (x[high] - x[low]);
    return Math.min(Math.max(found, floor ?? -Infinity), ceiling ?? Infinity);
  }

  // ---- all together

  // What the networks make: a row a step, about as the data were scaled.
  function made(model, z) {
    return model.generator === "autoregressive" ? autoregressive(model, z) : model.layers.reduce(through, z);
  }

  function window(model, z) {
    const rows = model.scaler ? unscale(made(model, z), model.scaler) : made(model, z);
    return model.forms ? unrepresent(rows, model.forms) : rows;
  }

  // ---- noise

  // Numbers in [0, 1), always the same for one seed (mulberry32).
  function randomFrom(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  const gaussian = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  // One window's noise, of the model's kind: "uniform", "gaussian" or a Wiener process.
  function noise(model, random) {
    const { kind, size } = model.noise, steps = model.length;
    const number = kind === "uniform" ? random : () => gaussian(random);
    const z = Array.from({ length: steps }, () => Array.from({ length: size }, number));
    if (kind !== "wiener") return z;
    let sum = zeros(size);
    return z.map((row) => (sum = sum.map((before, k) => before + row[k] / Math.sqrt(steps))));
  }

  return { load, noise, made, window, randomFrom };
})();
