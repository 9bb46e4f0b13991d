import { z } from 'zod';
import { objectIn, unwrapped } from '../../verbs/config/index.ts';

/** A setting that only a file can say, as the documentation names it: `alerts.routes.to`, `alerts.channels.NAME.host (type: email)`. */
interface FurtherSetting {
  readonly name: string;
  readonly type: z.ZodType;
}

/** What is within lists, and within what people name themselves, one by one. */
export function furtherSettings(type: z.ZodType, above: string, note = ''): readonly FurtherSetting[] {
  const inner = unwrapped(type);
  if (inner instanceof z.ZodRecord) return furtherSettings(inner.valueType as z.ZodType, `${above}.NAME`, note);
  if (inner instanceof z.ZodArray && objectIn(inner.element as z.ZodType) !== null)
    return furtherSettings(inner.element as z.ZodType, above, note);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const by = inner._zod.def.discriminator;
    return (inner.options as readonly z.ZodObject[]).flatMap((option) => {
      const literal = option.shape[by] as z.ZodLiteral;
      const { [by]: _, ...rest } = option.shape;
      const name = `${above}.${by}: ${literal.value}`;
      return [{ name, type: literal }, ...furtherSettings(z.object(rest), above, ` (${by}: ${literal.value})`)];
    });
  }
  const object = objectIn(inner);
  if (object === null) return [{ name: `${above}${note}`, type }];
  return Object.entries(object.shape).flatMap(([key, one]) => furtherSettings(one as z.ZodType, `${above}.${key}`, note));
}
