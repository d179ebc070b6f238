<?xml version="1.0" encoding="UTF-8"?>
<!-- A record as a web page. The exporter has put site:preview and site:metadata (relative addresses) and site:path (the location as people read it)
     on each dataset. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:nx="https://data.nist.gov/od/dm/nexus/experiment/v1.0"
  xmlns:site="urn:nexuslims:site" exclude-result-prefixes="nx site">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

  <xsl:template match="/nx:Experiment">
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title><xsl:value-of select="nx:title"/> · NexusLIMS</title>
        <link rel="stylesheet" href="../../site.css"/>
      </head>
      <body>
        <header class="bar">
          <a class="home" href="../../index.html">NexusLIMS catalogue</a>
          <nav aria-label="Downloads"><a href="record.xml" download="">XML</a><a href="record.json" download="">JSON</a></nav>
        </header>
        <main class="record">
          <h1 dir="auto"><xsl:value-of select="nx:title"/></h1>
          <xsl:apply-templates select="nx:summary"/>
          <xsl:if test="nx:sample[node() or @ref]"><section aria-labelledby="samples"><h2 id="samples">Samples</h2><ul class="samples"><xsl:apply-templates select="nx:sample[node() or @ref]"/></ul></section></xsl:if>
          <xsl:if test="count(nx:acquisitionActivity) &gt; 1">
            <nav class="jump" aria-label="Activities">
              <xsl:for-each select="nx:acquisitionActivity"><a href="#activity-{@seqno}"><xsl:value-of select="position()"/></a></xsl:for-each>
            </nav>
          </xsl:if>
          <xsl:apply-templates select="nx:acquisitionActivity"/>
        </main>
        <script src="../../site.js"></script>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="nx:summary">
    <dl class="facts">
      <xsl:if test="nx:instrument"><div><dt>Instrument</dt><dd><xsl:value-of select="nx:instrument"/><xsl:if test="nx:instrument/@pid"><xsl:text> </xsl:text><span class="pid"><xsl:value-of select="nx:instrument/@pid"/></span></xsl:if></dd></div></xsl:if>
      <xsl:if test="nx:experimenter"><div><dt>Experimenter</dt><dd class="person" dir="auto"><xsl:value-of select="nx:experimenter"/></dd></div></xsl:if>
      <xsl:if test="nx:reservationStart"><div><dt>Reserved</dt><dd><xsl:call-template name="time"><xsl:with-param name="text" select="nx:reservationStart"/></xsl:call-template><xsl:if test="nx:reservationEnd"> – <xsl:call-template name="time"><xsl:with-param name="text" select="nx:reservationEnd"/></xsl:call-template></xsl:if></dd></div></xsl:if>
      <xsl:for-each select="../nx:project[node()]"><div><dt>Project</dt><dd class="project" dir="auto"><xsl:for-each select="*"><xsl:if test="position() &gt; 1"> · </xsl:if><bdi><xsl:value-of select="."/></bdi></xsl:for-each></dd></div></xsl:for-each>
      <div><dt>Data</dt><dd><xsl:call-template name="count"><xsl:with-param name="number" select="count(../nx:acquisitionActivity/nx:dataset)"/><xsl:with-param name="one" select="'dataset'"/><xsl:with-param name="many" select="'datasets'"/></xsl:call-template> in <xsl:call-template name="count"><xsl:with-param name="number" select="count(../nx:acquisitionActivity)"/><xsl:with-param name="one" select="'activity'"/><xsl:with-param name="many" select="'activities'"/></xsl:call-template></dd></div>
      <!-- Only web addresses become links: the text comes from outside. -->
      <xsl:if test="starts-with(@ref, 'http://') or starts-with(@ref, 'https://')"><div><dt>Reservation</dt><dd><a href="{@ref}" rel="noreferrer"><xsl:value-of select="../nx:id"/></a></dd></div></xsl:if>
    </dl>
    <xsl:if test="nx:motivation"><p class="motivation" dir="auto"><xsl:value-of select="nx:motivation"/></p></xsl:if>
  </xsl:template>

  <xsl:template match="nx:sample">
    <li>
      <strong dir="auto"><xsl:choose><xsl:when test="nx:name"><xsl:value-of select="nx:name"/></xsl:when><xsl:when test="@ref"><xsl:value-of select="@ref"/></xsl:when><xsl:otherwise>Sample</xsl:otherwise></xsl:choose></strong>
      <xsl:for-each select="nx:elements/*"><xsl:text> </xsl:text><span class="element"><xsl:value-of select="local-name()"/></span></xsl:for-each>
      <xsl:if test="string(nx:description)"><div class="details" dir="auto"><xsl:value-of select="nx:description"/></div></xsl:if>
    </li>
  </xsl:template>

  <xsl:template match="nx:acquisitionActivity">
    <section class="activity" id="activity-{@seqno}" aria-labelledby="activity-{@seqno}-title">
      <h2 id="activity-{@seqno}-title">Activity <xsl:value-of select="@seqno + 1"/><xsl:text> </xsl:text><small><xsl:call-template name="time"><xsl:with-param name="text" select="nx:startTime"/></xsl:call-template></small></h2>
      <xsl:if test="nx:setup/nx:param">
        <details class="setup"><summary>Setup, <xsl:call-template name="count"><xsl:with-param name="number" select="count(nx:setup/nx:param)"/><xsl:with-param name="one" select="'parameter'"/><xsl:with-param name="many" select="'parameters'"/></xsl:call-template></summary><xsl:call-template name="table"><xsl:with-param name="rows" select="nx:setup/nx:param"/></xsl:call-template></details>
      </xsl:if>
      <ol class="datasets"><xsl:apply-templates select="nx:dataset"/></ol>
    </section>
  </xsl:template>

  <xsl:template match="nx:dataset">
    <li class="dataset">
      <xsl:choose>
        <xsl:when test="@site:preview"><a class="picture" href="{@site:preview}"><img src="{@site:preview}" alt="Preview of {nx:name}" width="500" height="500" loading="lazy"/></a></xsl:when>
        <xsl:otherwise><div class="picture none">no preview</div></xsl:otherwise>
      </xsl:choose>
      <div class="caption">
        <span class="name" dir="auto"><xsl:value-of select="nx:name"/></span>
        <span class="type"><xsl:value-of select="@type"/></span>
      </div>
      <details>
        <summary>Metadata</summary>
        <p class="path"><xsl:value-of select="@site:path"/><xsl:if test="@site:metadata"> · <a href="{@site:metadata}">all metadata (JSON)</a></xsl:if></p>
        <xsl:call-template name="table"><xsl:with-param name="rows" select="nx:meta"/></xsl:call-template>
      </details>
    </li>
  </xsl:template>

  <xsl:template name="table">
    <xsl:param name="rows"/>
    <xsl:if test="$rows">
      <table><tbody>
        <xsl:for-each select="$rows">
          <tr><xsl:if test="@warning = 'true'"><xsl:attribute name="class">doubtful</xsl:attribute><xsl:attribute name="title">This value may be wrong.</xsl:attribute></xsl:if>
            <th scope="row"><xsl:value-of select="@name"/></th><td dir="auto"><xsl:value-of select="."/><xsl:if test="@unit"><xsl:text> </xsl:text><span class="unit"><xsl:value-of select="@unit"/></span></xsl:if></td></tr>
        </xsl:for-each>
      </tbody></table>
    </xsl:if>
  </xsl:template>

  <xsl:template name="count">
    <xsl:param name="number"/><xsl:param name="one"/><xsl:param name="many"/>
    <xsl:value-of select="concat($number, ' ')"/>
    <xsl:choose><xsl:when test="$number = 1"><xsl:value-of select="$one"/></xsl:when><xsl:otherwise><xsl:value-of select="$many"/></xsl:otherwise></xsl:choose>
  </xsl:template>

  <!-- 2025-03-03T11:05:12.123456-05:00 → 2025-03-03 11:05 -->
  <xsl:template name="time">
    <xsl:param name="text"/>
    <time datetime="{$text}"><xsl:value-of select="substring($text, 1, 10)"/><xsl:text> </xsl:text><xsl:value-of select="substring($text, 12, 5)"/></time>
  </xsl:template>
</xsl:stylesheet>
