/** The fields of a form that a browser sent, as `application/x-www-form-urlencoded` or `multipart/form-data`. */

/** `text`: empty when it is absent. `all`: of boxes that share a name. `file`: its octets; undefined when none was chosen. */
export type Fields = {
  text: (name: string) => string;
  all: (name: string) => string[];
  file: (name: string) => Promise<Uint8Array | undefined>;
};

/** Reads a body. Throws TypeError when it is not of this type. */
export async function fieldsIn(body: Uint8Array, type: string): Promise<Fields> {
  const data = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const all = (name: string): string[] => data.getAll(name).filter((value) => typeof value === 'string');
  return {
    all,
    text: (name) => all(name)[0]?.trim() ?? '',
    async file(name) {
      const sent = data.get(name);
      return sent === null || typeof sent === 'string' || sent.size === 0 ? undefined : sent.bytes();
    },
  };
}
