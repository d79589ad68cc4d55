/** One value out of columns, as app/columns.py packs them. */
export const unpack = (packed, i) => {
  if ("s" in packed) return packed.s;
  if ("v" in packed) return packed.v[i];
  if ("u" in packed) return packed.u[packed.i[i]];
  if ("a" in packed) return packed.a.map((item) => unpack(item, i));
  if ("p" in packed) return unpack(packed.p[packed.i[i]], packed.k[i]);
  return Object.fromEntries(Object.entries(packed.o).map(([key, item]) => [key, unpack(item, i)]));
};
