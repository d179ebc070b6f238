# share/ and migrations/ as one folder: installed as $(pkgdatadir), and mirrored by links under share/nexuslims/ of the build so that programs
# work uninstalled. Fragments add their files to SHARE_FILES (paths below share/ or migrations/).
share-links: $(SHARE_FILES)
	@$(MKDIR_P) share/nexuslims
	@for f in $(srcdir)/share/*/; do f=$${f%/}; n=$${f##*/}; test ! -d "$$f" || test "$$n" = nexuslims || { rm -f share/nexuslims/$$n; $(LN_S) "$$(cd $$f && pwd)" share/nexuslims/$$n; }; done
	@rm -f share/nexuslims/migrations; test ! -d $(srcdir)/migrations || $(LN_S) "$$(cd $(srcdir)/migrations && pwd)" share/nexuslims/migrations
all-local: share-links
.PHONY: share-links
clean-local:
	-rm -rf share/nexuslims

# Pages name the folder that is usual; installed, they name theirs.
install-data-hook:
	@cd $(srcdir) && for f in $(SHARE_FILES); do \
	  case $$f in share/*) to=$${f#share/} ;; *) to=$$f ;; esac; \
	  $(MKDIR_P) "$(DESTDIR)$(pkgdatadir)/$${to%/*}" && $(INSTALL_DATA) $$f "$(DESTDIR)$(pkgdatadir)/$$to" || exit 1; done
	@cd "$(DESTDIR)$(man1dir)" && for f in `grep -l '/usr/local/share/nexuslims' *.1`; do \
	  sed -i 's|/usr/local/share/nexuslims|$(pkgdatadir)|g' $$f || exit 1; done
uninstall-hook:
	-rm -rf "$(DESTDIR)$(pkgdatadir)"
EXTRA_DIST += $(SHARE_FILES)
