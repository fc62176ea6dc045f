/* Xml: walks a document and tells its elements as they open and close, on expat.
 * Borrows the document; what it hands out is good during the call alone.
 * It takes no document type declaration, so that no entity can grow, and never hands out a cut
 * document as a whole one: what was told before the end is worth nothing when the walk fails. */
#ifndef TIDEGATE_AWS_XML_H
#define TIDEGATE_AWS_XML_H

#include "base/bytes.h"
#include "base/mem.h"

struct xml {
    void (*open)(struct xml *x, const char *name);          /* may be NULL */
    /* `text`: what stood between the last tag before and this one */
    void (*close)(struct xml *x, const char *name, struct bytes text);
    void *owner;
    int depth;               /* of the element told; the root's is 1 */
    char problem[128];       /* why the walk failed */
};

/* -1 when the document is not well formed, or after xml_refuse(). */
int xml_walk(struct xml *x, struct bytes document) MUSTCHECK;
/* The handlers' own objection: the first one counts, and fails the walk. */
void xml_refuse(struct xml *x, const char *reason);

#endif
